"""One interface to an account, whether it is in a tenant's tables or in the platform's.

The services hold the account logic. The route that opens a store commits its session.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.evidence.service import record, record_on_platform
from app.extensions import db
from app.models import (
    Account,
    AccountSession,
    Actor,
    Passkey,
    PasswordReset,
    RecoveryCode,
    Role,
    Superadmin,
    SuperadminPasskey,
    SuperadminRecoveryCode,
    SuperadminSession,
    Tenant,
)
from app.rows import one_or_404
from app.tenancy import call_definer, platform_scope, tenant_scope


@dataclass(frozen=True, slots=True)
class Visit:
    """User agent, IP address and request id of a login attempt."""

    user_agent: str = ""
    ip: str = ""
    request_id: str = ""

    def actor(self, person: Account | Superadmin | None) -> Actor:
        if person is None:
            return Actor("unknown", ip=self.ip, request_id=self.request_id)
        return Actor(person.name, person.role, person.id, self.ip, self.request_id)


@dataclass(frozen=True, slots=True)
class TenantAccountStore:
    """The store of a person of the bound tenant."""

    session: Session
    person: Account
    sessions: ClassVar[Any] = AccountSession
    passkeys: ClassVar[Any] = Passkey
    codes: ClassVar[Any] = RecoveryCode
    resets: ClassVar[Any] = PasswordReset

    def own(self, table: Any) -> ColumnElement[bool]:
        """Condition that selects this person's rows of a sessions, passkeys or codes table."""
        mine: ColumnElement[bool] = table.account_id == self.person.id
        return mine

    def add(self, table: Any, **columns: Any) -> Any:
        row = table(account_id=self.person.id, **columns)
        self.session.add(row)
        return row

    def demands_second_factor(self) -> bool:
        """Whether the company requires a second factor from this person."""
        demanded = select(Tenant.admins_need_two_factor)
        return self.person.role is Role.ADMIN and bool(self.session.scalar(demanded))

    def words_about_person(self) -> tuple[str, ...]:
        """What an attacker would try first as this person's password."""
        company = self.session.scalar(select(Tenant.name)) or ""
        return (self.person.email, self.person.name, company)

    def note(self, action: str, actor: Actor, **facts: Any) -> None:
        record(action, self.person, actor, **facts)


@dataclass(frozen=True, slots=True)
class PlatformAccountStore:
    """The store of a superadmin. `person` is None for an unknown e-mail, so that such a login runs
    the same code and takes the same time."""

    session: Session
    person: Superadmin | None
    sessions: ClassVar[Any] = SuperadminSession
    passkeys: ClassVar[Any] = SuperadminPasskey
    codes: ClassVar[Any] = SuperadminRecoveryCode
    resets: ClassVar[Any] = None  # no reset links: an operator sets a new password

    def own(self, table: Any) -> ColumnElement[bool]:
        mine: ColumnElement[bool] = table.superadmin_id == (self.person.id if self.person else None)
        return mine

    def add(self, table: Any, **columns: Any) -> Any:
        assert self.person
        row = table(superadmin_id=self.person.id, **columns)
        self.session.add(row)
        return row

    def demands_second_factor(self) -> bool:
        return False

    def words_about_person(self) -> tuple[str, ...]:
        return (self.person.email, self.person.name) if self.person else ()

    def note(self, action: str, actor: Actor, **facts: Any) -> None:
        """Name the account in the body: the platform's audit has no column for it."""
        about: dict[str, Any] = {"account": str(self.person.id)} if self.person else {}
        record_on_platform(action, self.session, actor, **about, **facts)


AccountStore = TenantAccountStore | PlatformAccountStore


@contextmanager
def account_store_by_email(email: str) -> Iterator[AccountStore]:
    """The store of the account with this e-mail, with its tenant bound inside the block."""
    rows = call_definer("find_account_by_email", p_email=email)
    if rows:
        with tenant_scope(rows[0].tenant_id):
            yield _tenant_store(rows[0].account_id)
        return
    with platform_scope() as session:
        known = select(Superadmin).where(Superadmin.email == email, Superadmin.is_active)
        yield PlatformAccountStore(session, session.scalars(known).one_or_none())


@contextmanager
def account_store_by_passkey(credential_id: str) -> Iterator[AccountStore]:
    """The store of the account that registered this passkey."""
    rows = call_definer("find_passkey", p_credential_id=credential_id)
    if rows:
        with tenant_scope(rows[0].tenant_id):
            yield _tenant_store(rows[0].account_id)
        return
    with platform_scope() as session:
        known = (
            select(Superadmin)
            .join(SuperadminPasskey, SuperadminPasskey.superadmin_id == Superadmin.id)
            .where(SuperadminPasskey.credential_id == credential_id, Superadmin.is_active)
        )
        yield PlatformAccountStore(session, session.scalars(known).one_or_none())


@contextmanager
def account_store_by_reset(reset_id: UUID) -> Iterator[TenantAccountStore]:
    """The store of the account that requested this reset.

    Raises NotFound, also if the account is deactivated.
    """
    rows = call_definer("find_password_reset", p_id=reset_id)
    if not rows:
        raise NotFound
    with tenant_scope(rows[0].tenant_id):
        yield _tenant_store(rows[0].account_id)


@contextmanager
def account_store_by_id(tenant_id: UUID | None, account_id: UUID) -> Iterator[AccountStore]:
    """The store of an active account; a superadmin's if `tenant_id` is None. Raises NotFound."""
    if tenant_id is None:
        with platform_scope() as session:
            own = select(Superadmin).where(Superadmin.id == account_id, Superadmin.is_active)
            superadmin = one_or_404(own, session)
            yield PlatformAccountStore(session, superadmin)
        return
    with tenant_scope(tenant_id):
        mine = select(Account).where(Account.id == account_id, Account.is_active)
        account = one_or_404(mine)
        yield TenantAccountStore(db.session(), account)


@contextmanager
def account_store(actor: Actor) -> Iterator[AccountStore]:
    """The store of the signed-in user. A tenant's user already has the tenant bound."""
    if actor.role is not Superadmin.role:
        assert actor.account_id
        yield _tenant_store(actor.account_id)
        return
    with platform_scope() as session:
        own = select(Superadmin).where(Superadmin.id == actor.account_id)
        yield PlatformAccountStore(session, session.scalars(own).one())


def _tenant_store(account_id: UUID) -> TenantAccountStore:
    account = db.session.scalars(select(Account).where(Account.id == account_id)).one()
    return TenantAccountStore(db.session(), account)
