"""Where a person's account lives: a tenant's tables or the platform's own, behind one interface.

What is done with an account stands in the services; the route that opens a door commits its
session.
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
from app.evidence.service import canonical_json, record
from app.extensions import db
from app.models import (
    Account,
    AccountSession,
    Actor,
    Passkey,
    PasswordReset,
    PlatformAuditEntry,
    RecoveryCode,
    Role,
    Superadmin,
    SuperadminPasskey,
    SuperadminRecoveryCode,
    SuperadminSession,
    Tenant,
)
from app.tenancy import call_definer, platform_scope, tenant_scope


@dataclass(frozen=True, slots=True)
class Visit:
    """Where somebody knocks from, before and after we know who it is."""

    user_agent: str = ""
    ip: str = ""
    request_id: str = ""

    def actor(self, person: Account | Superadmin | None) -> Actor:
        if person is None:
            return Actor("unknown", ip=self.ip, request_id=self.request_id)
        return Actor(person.name, person.role, person.id, self.ip, self.request_id)


@dataclass(frozen=True, slots=True)
class TenantDoor:
    """A person of the bound tenant."""

    session: Session
    person: Account
    sessions: ClassVar[Any] = AccountSession
    passkeys: ClassVar[Any] = Passkey
    codes: ClassVar[Any] = RecoveryCode
    resets: ClassVar[Any] = PasswordReset

    def own(self, table: Any) -> ColumnElement[bool]:
        """Of sessions, passkeys or codes, those of this person."""
        mine: ColumnElement[bool] = table.account_id == self.person.id
        return mine

    def add(self, table: Any, **columns: Any) -> Any:
        row = table(account_id=self.person.id, **columns)
        self.session.add(row)
        return row

    def demands_second_factor(self) -> bool:
        """Whether the company wants this person to prove themselves twice."""
        demanded = select(Tenant.admins_need_two_factor)
        return self.person.role is Role.ADMIN and bool(self.session.scalar(demanded))

    def known_of_person(self) -> tuple[str, ...]:
        """What others try first as this person's password."""
        company = self.session.scalar(select(Tenant.name)) or ""
        return (self.person.email, self.person.name, company)

    def note(self, action: str, actor: Actor, **facts: Any) -> None:
        record(action=action, actor=actor, object_type="account", object_id=self.person.id, **facts)


@dataclass(frozen=True, slots=True)
class PlatformDoor:
    """A superadmin, or nobody: an unknown e-mail takes the same way and the same time."""

    session: Session
    person: Superadmin | None
    sessions: ClassVar[Any] = SuperadminSession
    passkeys: ClassVar[Any] = SuperadminPasskey
    codes: ClassVar[Any] = SuperadminRecoveryCode
    resets: ClassVar[Any] = None  # no links: an operator sets a new password

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

    def known_of_person(self) -> tuple[str, ...]:
        return (self.person.email, self.person.name) if self.person else ()

    def note(self, action: str, actor: Actor, **facts: Any) -> None:
        """The platform's audit has no column for whom it is about: the body names them."""
        about = {"account": str(self.person.id)} if self.person else {}
        body = {"ip": actor.ip, "request": actor.request_id, **about, **facts}
        self.session.add(
            PlatformAuditEntry(action=action, actor_name=actor.name, body=canonical_json(body))
        )


Door = TenantDoor | PlatformDoor


@contextmanager
def door_of_email(email: str) -> Iterator[Door]:
    """The door of whoever has this e-mail, with their tenant bound inside the block."""
    rows = call_definer("find_account_by_email", p_email=email)
    if rows:
        with tenant_scope(rows[0].tenant_id):
            yield _tenant_door(rows[0].account_id)
        return
    with platform_scope() as session:
        known = select(Superadmin).where(Superadmin.email == email, Superadmin.is_active)
        yield PlatformDoor(session, session.scalars(known).one_or_none())


@contextmanager
def door_of_passkey(credential_id: str) -> Iterator[Door]:
    """The door of whoever registered this passkey."""
    rows = call_definer("find_passkey", p_credential_id=credential_id)
    if rows:
        with tenant_scope(rows[0].tenant_id):
            yield _tenant_door(rows[0].account_id)
        return
    with platform_scope() as session:
        known = (
            select(Superadmin)
            .join(SuperadminPasskey, SuperadminPasskey.superadmin_id == Superadmin.id)
            .where(SuperadminPasskey.credential_id == credential_id, Superadmin.is_active)
        )
        yield PlatformDoor(session, session.scalars(known).one_or_none())


@contextmanager
def door_of_reset(reset_id: UUID) -> Iterator[TenantDoor]:
    """The door of whoever asked for this new password. Raises NotFound, also for who left."""
    rows = call_definer("find_password_reset", p_id=reset_id)
    if not rows:
        raise NotFound
    with tenant_scope(rows[0].tenant_id):
        yield _tenant_door(rows[0].account_id)


@contextmanager
def door_of_id(tenant_id: UUID | None, account_id: UUID) -> Iterator[Door]:
    """The door of an active account, of the platform where it has no tenant. Raises NotFound."""
    if tenant_id is None:
        with platform_scope() as session:
            own = select(Superadmin).where(Superadmin.id == account_id, Superadmin.is_active)
            superadmin = session.scalars(own).one_or_none()
            if superadmin is None:
                raise NotFound
            yield PlatformDoor(session, superadmin)
        return
    with tenant_scope(tenant_id):
        mine = select(Account).where(Account.id == account_id, Account.is_active)
        account = db.session.scalars(mine).one_or_none()
        if account is None:
            raise NotFound
        yield TenantDoor(db.session(), account)


@contextmanager
def door_of(actor: Actor) -> Iterator[Door]:
    """The signed-in person's own door; a tenant's person has the tenant bound already."""
    if actor.role is not Superadmin.role:
        assert actor.account_id
        yield _tenant_door(actor.account_id)
        return
    with platform_scope() as session:
        own = select(Superadmin).where(Superadmin.id == actor.account_id)
        yield PlatformDoor(session, session.scalars(own).one())


def _tenant_door(account_id: UUID) -> TenantDoor:
    account = db.session.scalars(select(Account).where(Account.id == account_id)).one()
    return TenantDoor(db.session(), account)
