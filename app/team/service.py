"""Making and closing the accounts of one tenant."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app.auth.passwords import hash_password
from app.errors import DomainError, NotFound
from app.evidence.service import record
from app.extensions import db
from app.models import Account, AccountSession, Actor, Role

EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+")
MAX_EMAIL, MAX_NAME = 254, 120


class EmailTaken(DomainError):
    """Somebody has the e-mail %(email)s already. One e-mail is one person on all of Laudo."""


class BadEmail(DomainError):
    """ "%(email)s" is not an e-mail address."""

    status = 422


class NameMissing(DomainError):
    """A name has 1 to %(most)s characters."""

    status = 422


class LastAdmin(DomainError):
    """%(name)s is the last admin. Make somebody else an admin first."""


def create_account(*, email: str, name: str, role: Role, password: str, actor: Actor) -> Account:
    """A new person of the bound tenant. Raises EmailTaken, BadEmail, NameMissing, WeakPassword."""
    email = tidy_email(email)
    account = Account(
        email=email, name=tidy_name(name), role=role, password_hash=hash_password(password)
    )
    try:
        with db.session.begin_nested():
            db.session.add(account)
    except IntegrityError as error:
        raise EmailTaken(email=email) from error
    _note("account.created", account, actor, email=email, name=account.name, role=role.value)
    return account


def deactivate_account(*, account_id: UUID, actor: Actor) -> Account:
    """Close an account and end its sessions; what the person did stays. Raises LastAdmin."""
    account = db.session.scalars(
        select(Account).where(Account.id == account_id).with_for_update()
    ).one_or_none()
    if account is None:
        raise NotFound
    if not account.is_active:
        return account
    if account.role is Role.ADMIN and _count_active_admins() == 1:
        raise LastAdmin(name=account.name)
    account.is_active = False
    db.session.execute(
        update(AccountSession)
        .where(AccountSession.account_id == account.id, AccountSession.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .execution_options(synchronize_session=False)
    )
    _note("account.deactivated", account, actor, email=account.email)
    return account


def tidy_email(text: str) -> str:
    """Lower-case and without spaces around. Raises BadEmail."""
    email = text.strip().lower()
    if len(email) > MAX_EMAIL or not EMAIL.fullmatch(email):
        raise BadEmail(email=text)
    return email


def tidy_name(text: str) -> str:
    """One line without spaces around. Raises NameMissing."""
    name = " ".join(text.split())
    if not 0 < len(name) <= MAX_NAME:
        raise NameMissing(most=MAX_NAME)
    return name


def _count_active_admins() -> int:
    statement = select(func.count(Account.id)).where(Account.role == Role.ADMIN, Account.is_active)
    return db.session.scalar(statement) or 0


def _note(action: str, account: Account, actor: Actor, **facts: str) -> None:
    record(action=action, actor=actor, object_type="account", object_id=account.id, **facts)
