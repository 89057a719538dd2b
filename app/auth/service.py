"""Logging in and out, sessions and passwords: everything that changes who is logged in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, true, update

from app.auth.doors import Door, PlatformDoor, Visit
from app.auth.half_way import seal_half_way
from app.auth.identity import PLATFORM_PREFIX, token_hash
from app.auth.passwords import hash_password, verify_password
from app.auth.queries import get_factors
from app.errors import DomainError, NotFound
from app.evidence.service import differences
from app.models import Actor


class WrongPassword(DomainError):
    """The current password is not right."""

    status = 422


@dataclass(frozen=True, slots=True)
class Entry:
    """What a right password leads to: the token of a session, or the sealed half-way state of
    somebody who must take the second step first."""

    token: str | None = None
    half_way: str | None = None


def sign_in(*, door: Door, password: str, visit: Visit) -> Entry | None:
    """Open a session or the second step; None when the e-mail or the password is wrong.

    Each is written into the audit, so commit the door's session whatever comes back.
    """
    person = door.person
    fits = verify_password(person.password_hash if person else None, password)
    if person is None or not fits:
        refuse_entry(door=door, how="password", visit=visit)
        return None
    if get_factors(door).is_on:
        door.note("session.half_open", visit.actor(person), **_facts("password", visit))
        return Entry(half_way=seal_half_way(door))
    return Entry(token=open_session(door=door, how="password", visit=visit))


def open_session(*, door: Door, how: str, visit: Visit) -> str:
    """A new session of the door's person and its token. `how` is what they proved themselves by:
    password, passkey, password+code, password+recovery, password+passkey or invitation."""
    token = secrets.token_urlsafe(32)
    if isinstance(door, PlatformDoor):
        token = PLATFORM_PREFIX + token
    door.add(
        door.sessions,
        token_hash=token_hash(token),
        user_agent=visit.user_agent[:300],
        ip=visit.ip[:45],
    )
    door.note("session.opened", visit.actor(door.person), **_facts(how, visit))
    return token


def refuse_entry(*, door: Door, how: str, visit: Visit) -> None:
    """Write down that somebody was not let in."""
    door.note("session.refused", visit.actor(door.person), **_facts(how, visit))


def _facts(how: str, visit: Visit) -> dict[str, str]:
    # What cannot be text in the database cannot be in a header either; a browser may still try.
    return {"how": how, "device": visit.user_agent[:300].replace("\x00", "")}


def sign_out(*, door: Door, session_id: UUID, actor: Actor) -> None:
    """Revoke one session of the person; a second time changes nothing."""
    revoke_sessions(door, door.sessions.id == session_id)
    door.note("session.closed", actor)


def sign_out_device(*, door: Door, session_id: UUID, actor: Actor) -> None:
    """Revoke a session from another device. Raises NotFound for one that is not the person's."""
    which = door.sessions.id == session_id
    if door.session.scalar(select(door.sessions.id).where(door.own(door.sessions), which)) is None:
        raise NotFound
    if revoke_sessions(door, which):
        door.note("session.closed", actor, session=str(session_id))


def sign_out_others(*, door: Door, keep_session: UUID, actor: Actor) -> int:
    """Revoke every session of the person but one; how many those were."""
    closed = revoke_sessions(door, door.sessions.id != keep_session)
    if closed:
        door.note("session.others_closed", actor, sessions=str(closed))
    return closed


def change_password(
    *, door: Door, current: str, new: str, keep_session: UUID, actor: Actor
) -> None:
    """Set a new password and revoke every other session of the person, and every link for a new
    password that waits in a mailbox.

    Raises WrongPassword or WeakPassword.
    """
    require_password(door, current)
    assert door.person
    door.person.password_hash = hash_password(new, *door.known_of_person())
    revoke_sessions(door, door.sessions.id != keep_session)
    void_resets(door)
    door.note("account.password_changed", actor)


def set_password(*, door: Door, new: str, actor: Actor) -> None:
    """A new password for somebody who lost theirs, by a link or by an operator; every session of
    theirs ends, and no link that was sent before sets another one.

    Raises WeakPassword.
    """
    assert door.person
    door.person.password_hash = hash_password(new, *door.known_of_person())
    revoke_sessions(door, true())
    void_resets(door)
    if actor.account_id == door.person.id:
        door.note("account.password_reset", actor)
    else:
        door.note("account.password_set", actor)


def update_profile(
    *, door: Door, name: str, locale: str | None, time_zone: str | None, actor: Actor
) -> None:
    """Set the person's name, language and time zone; None takes the company's. What stays the same
    is not recorded."""
    new = {"name": name, "locale": locale, "time_zone": time_zone}
    if changes := differences(door.person, new):
        for column in changes:
            setattr(door.person, column, new[column])
        door.note("account.preferences_changed", actor, changes=changes)


def require_password(door: Door, password: str) -> None:
    """Before what must not be done by whoever finds an open browser. Raises WrongPassword."""
    assert door.person
    if not verify_password(door.person.password_hash, password):
        raise WrongPassword


def revoke_sessions(door: Door, which: object) -> int:
    """Revoke those of the person's open sessions; how many those were. Writes no audit entry."""
    result = door.session.execute(
        update(door.sessions)
        .where(door.own(door.sessions), which, door.sessions.revoked_at.is_(None))  # type: ignore[arg-type]
        .values(revoked_at=func.now())
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def void_resets(door: Door) -> None:
    """Void the person's open links for a new password: each was asked for because of the old."""
    table = door.resets
    if table is None:
        return
    door.session.execute(
        update(table)
        .where(door.own(table), table.used_at.is_(None))
        .values(used_at=func.now())
        .execution_options(synchronize_session=False)
    )
