"""Login, logout, sessions and passwords: everything that changes who is logged in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, true, update

from app.auth.account_stores import AccountStore, PlatformAccountStore, Visit
from app.auth.half_way import seal_half_way
from app.auth.identity import PLATFORM_PREFIX, token_hash
from app.auth.passwords import hash_password, verify_password
from app.auth.queries import get_factors
from app.errors import DomainError, NotFound
from app.models import Actor
from app.rows import apply_changes


class WrongPassword(DomainError):
    """The current password is incorrect."""

    status = 422


@dataclass(frozen=True, slots=True)
class LoginResult:
    """The result of a correct password: a session token, or the sealed half-way state if a second
    step is required."""

    token: str | None = None
    half_way: str | None = None


def sign_in(*, store: AccountStore, password: str, visit: Visit) -> LoginResult | None:
    """Open a session or the second step; None if the e-mail or the password is wrong.

    Each outcome is recorded in the audit, so always commit the store's session.
    """
    person = store.person
    fits = verify_password(person.password_hash if person else None, password)
    if person is None or not fits:
        record_refused_login(store=store, how="password", visit=visit)
        return None
    if get_factors(store).is_on:
        store.note("session.half_open", visit.actor(person), **_facts("password", visit))
        return LoginResult(half_way=seal_half_way(store))
    return LoginResult(token=open_session(store=store, how="password", visit=visit))


def open_session(*, store: AccountStore, how: str, visit: Visit) -> str:
    """Create a session for the store's person and return its token. `how` is the authentication
    method: password, passkey, password+code, password+recovery, password+passkey or invitation."""
    token = secrets.token_urlsafe(32)
    if isinstance(store, PlatformAccountStore):
        token = PLATFORM_PREFIX + token
    store.add(
        store.sessions,
        token_hash=token_hash(token),
        user_agent=visit.user_agent[:300],
        ip=visit.ip[:45],
    )
    store.note("session.opened", visit.actor(store.person), **_facts(how, visit))
    return token


def record_refused_login(*, store: AccountStore, how: str, visit: Visit) -> None:
    """Record a refused login in the audit."""
    store.note("session.refused", visit.actor(store.person), **_facts(how, visit))


def _facts(how: str, visit: Visit) -> dict[str, str]:
    # PostgreSQL cannot store NUL. It is not allowed in a header either, but a client may send it.
    return {"how": how, "device": visit.user_agent[:300].replace("\x00", "")}


def sign_out(*, store: AccountStore, session_id: UUID, actor: Actor) -> None:
    """Revoke one session of the person; idempotent."""
    revoke_sessions(store, store.sessions.id == session_id)
    store.note("session.closed", actor)


def sign_out_device(*, store: AccountStore, session_id: UUID, actor: Actor) -> None:
    """Revoke a session from another device. Raises NotFound for another person's session."""
    which = store.sessions.id == session_id
    if (
        store.session.scalar(select(store.sessions.id).where(store.own(store.sessions), which))
        is None
    ):
        raise NotFound
    if revoke_sessions(store, which):
        store.note("session.closed", actor, session=str(session_id))


def sign_out_others(*, store: AccountStore, keep_session: UUID, actor: Actor) -> int:
    """Revoke all but one of the person's sessions and return their number."""
    closed = revoke_sessions(store, store.sessions.id != keep_session)
    if closed:
        store.note("session.others_closed", actor, sessions=str(closed))
    return closed


def change_password(
    *, store: AccountStore, current: str, new: str, keep_session: UUID, actor: Actor
) -> None:
    """Set a new password and revoke the person's other sessions and open reset links.

    Raises WrongPassword or WeakPassword.
    """
    require_password(store, current)
    assert store.person
    store.person.password_hash = hash_password(new, *store.words_about_person())
    revoke_sessions(store, store.sessions.id != keep_session)
    void_resets(store)
    store.note("account.password_changed", actor)


def set_password(*, store: AccountStore, new: str, actor: Actor) -> None:
    """Set a new password through a reset link or by an operator. All sessions and all earlier
    reset links of the person are revoked.

    Raises WeakPassword.
    """
    assert store.person
    store.person.password_hash = hash_password(new, *store.words_about_person())
    revoke_sessions(store, true())
    void_resets(store)
    if actor.account_id == store.person.id:
        store.note("account.password_reset", actor)
    else:
        store.note("account.password_set", actor)


def update_profile(
    *, store: AccountStore, name: str, locale: str | None, time_zone: str | None, actor: Actor
) -> None:
    """Set the person's name, language and time zone; None takes the company's value. Only changes
    are recorded."""
    new = {"name": name, "locale": locale, "time_zone": time_zone}
    if changes := apply_changes(store.person, new):
        store.note("account.preferences_changed", actor, changes=changes)


def require_password(store: AccountStore, password: str) -> None:
    """Guard actions that a stranger at an open browser must not perform. Raises WrongPassword."""
    assert store.person
    if not verify_password(store.person.password_hash, password):
        raise WrongPassword


def revoke_sessions(store: AccountStore, which: object) -> int:
    """Revoke the matching open sessions and return their number. Writes no audit entry."""
    result = store.session.execute(
        update(store.sessions)
        .where(store.own(store.sessions), which, store.sessions.revoked_at.is_(None))  # type: ignore[arg-type]
        .values(revoked_at=func.now())
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def void_resets(store: AccountStore) -> None:
    """Invalidate the person's open reset links: each was requested because of the old password."""
    table = store.resets
    if table is None:
        return
    store.session.execute(
        update(table)
        .where(store.own(table), table.used_at.is_(None))
        .values(used_at=func.now())
        .execution_options(synchronize_session=False)
    )
