"""Signing in and out, sessions and passwords: everything that changes who is signed in."""

from __future__ import annotations

import secrets
from uuid import UUID

from sqlalchemy import func, select, update

from app.auth.identity import PLATFORM_PREFIX, token_hash
from app.auth.passwords import hash_password, verify_password
from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.models import (
    Account,
    AccountSession,
    Actor,
    PlatformAuditEntry,
    Superadmin,
    SuperadminSession,
)
from app.tenancy import call_definer, platform_session, tenant_scope


class WrongLogin(DomainError):
    """The e-mail or the password is not right."""

    status = 422


class WrongPassword(DomainError):
    """The current password is not right."""

    status = 422


def sign_in(*, email: str, password: str, user_agent: str, ip: str, request_id: str = "") -> str:
    """Open a session and return its token. Raises WrongLogin alike for unknown and wrong.

    Commits: the session must exist before the cookie leaves, and the tenant is bound only here.
    """
    email = email.strip().lower()
    rows = call_definer("find_account_by_email", p_email=email)
    if not rows:
        return _sign_in_superadmin(email, password, user_agent, ip)
    with tenant_scope(rows[0].tenant_id):
        account = db.session.scalars(select(Account).where(Account.id == rows[0].account_id)).one()
        actor = Actor(account.name, account.role, account.id, ip, request_id)
        if not verify_password(account.password_hash, password):
            record(
                action="session.refused",
                actor=actor,
                object_type="account",
                object_id=account.id,
            )
            db.session.commit()
            raise WrongLogin
        token = secrets.token_urlsafe(32)
        db.session.add(
            AccountSession(
                account_id=account.id,
                token_hash=token_hash(token),
                user_agent=user_agent[:300],
                ip=ip[:45],
            )
        )
        record(
            action="session.opened",
            actor=actor,
            object_type="account",
            object_id=account.id,
        )
        db.session.commit()
    return token


def _sign_in_superadmin(email: str, password: str, user_agent: str, ip: str) -> str:
    with platform_session() as session:
        person = session.scalars(
            select(Superadmin).where(Superadmin.email == email, Superadmin.is_active)
        ).one_or_none()
        if not verify_password(person.password_hash if person else None, password) or not person:
            raise WrongLogin
        token = PLATFORM_PREFIX + secrets.token_urlsafe(32)
        session.add(
            SuperadminSession(
                superadmin_id=person.id,
                token_hash=token_hash(token),
                user_agent=user_agent[:300],
                ip=ip[:45],
            )
        )
        session.add(PlatformAuditEntry(action="session.opened", actor_name=person.name, body="{}"))
        session.commit()
    return token


def sign_out(*, session_id: UUID, actor: Actor) -> None:
    """Revoke one session of the bound tenant."""
    db.session.execute(
        update(AccountSession)
        .where(AccountSession.id == session_id, AccountSession.revoked_at.is_(None))
        .values(revoked_at=func.now())
    )
    record(
        action="session.closed",
        actor=actor,
        object_type="account",
        object_id=actor.account_id,
    )


def sign_out_superadmin(*, session_id: UUID) -> None:
    with platform_session() as session:
        session.execute(
            update(SuperadminSession)
            .where(SuperadminSession.id == session_id)
            .values(revoked_at=func.now())
        )
        session.commit()


def change_password(*, current: str, new: str, keep_session: UUID, actor: Actor) -> None:
    """Set a new password and revoke every other session of the person.

    Raises WrongPassword or WeakPassword.
    """
    account = db.session.scalars(select(Account).where(Account.id == actor.account_id)).one()
    if not verify_password(account.password_hash, current):
        raise WrongPassword
    account.password_hash = hash_password(new)
    db.session.execute(
        update(AccountSession)
        .where(
            AccountSession.account_id == account.id,
            AccountSession.id != keep_session,
            AccountSession.revoked_at.is_(None),
        )
        .values(revoked_at=func.now())
    )
    record(
        action="account.password_changed",
        actor=actor,
        object_type="account",
        object_id=account.id,
    )
