"""Logging in and out, sessions and passwords: everything that changes who is logged in."""

from __future__ import annotations

import secrets
from uuid import UUID

from sqlalchemy import func, update

from app.auth.doors import Door, PlatformDoor
from app.auth.identity import PLATFORM_PREFIX, token_hash
from app.auth.passwords import hash_password, verify_password
from app.errors import DomainError
from app.models import Actor


class WrongPassword(DomainError):
    """The current password is not right."""

    status = 422


def sign_in(
    *, door: Door, password: str, user_agent: str, ip: str, request_id: str = ""
) -> str | None:
    """Open a session and return its token, or None when the e-mail or the password is wrong.

    Both are written into the audit, so commit the door's session either way.
    """
    person = door.person
    actor = Actor("unknown", ip=ip, request_id=request_id)
    if person:
        actor = Actor(person.name, person.role, person.id, ip, request_id)
    fits = verify_password(person.password_hash if person else None, password)
    if person is None or not fits:
        door.note("session.refused", actor)
        return None
    token = secrets.token_urlsafe(32)
    if isinstance(door, PlatformDoor):
        token = PLATFORM_PREFIX + token
    door.new_session(token_hash=token_hash(token), user_agent=user_agent[:300], ip=ip[:45])
    door.note("session.opened", actor)
    return token


def sign_out(*, door: Door, session_id: UUID, actor: Actor) -> None:
    """Revoke one session of the person; a second time changes nothing."""
    _revoke(door, door.sessions.id == session_id)
    door.note("session.closed", actor)


def change_password(
    *, door: Door, current: str, new: str, keep_session: UUID, actor: Actor
) -> None:
    """Set a new password and revoke every other session of the person.

    Raises WrongPassword or WeakPassword.
    """
    assert door.person
    if not verify_password(door.person.password_hash, current):
        raise WrongPassword
    door.person.password_hash = hash_password(new)
    _revoke(door, door.sessions.id != keep_session)
    door.note("account.password_changed", actor)


def update_preferences(
    *, door: Door, locale: str | None, time_zone: str | None, actor: Actor
) -> None:
    """Set the person's language and time zone; None takes the company's."""
    assert door.person
    door.person.locale = locale
    door.person.time_zone = time_zone
    door.note("account.preferences_changed", actor, locale=locale or "", time_zone=time_zone or "")


def _revoke(door: Door, which: object) -> None:
    door.session.execute(
        update(door.sessions)
        .where(door.own_sessions(), which, door.sessions.revoked_at.is_(None))  # type: ignore[arg-type]
        .values(revoked_at=func.now())
        .execution_options(synchronize_session=False)
    )
