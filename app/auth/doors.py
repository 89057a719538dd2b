"""Where a person's account lives: a tenant's tables or the platform's own, behind one interface.

What is done with an account stands in service.py; the route that opens a door commits its session.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.evidence.service import canonical_json, record
from app.extensions import db
from app.models import (
    Account,
    AccountSession,
    Actor,
    PlatformAuditEntry,
    Superadmin,
    SuperadminSession,
)
from app.tenancy import call_definer, platform_scope, tenant_scope


@dataclass(frozen=True, slots=True)
class TenantDoor:
    """A person of the bound tenant."""

    session: Session
    person: Account
    sessions = AccountSession

    def own_sessions(self) -> ColumnElement[bool]:
        return AccountSession.account_id == self.person.id

    def new_session(self, **columns: str) -> None:
        self.session.add(AccountSession(account_id=self.person.id, **columns))

    def note(self, action: str, actor: Actor, **facts: str) -> None:
        record(action=action, actor=actor, object_type="account", object_id=self.person.id, **facts)


@dataclass(frozen=True, slots=True)
class PlatformDoor:
    """A superadmin, or nobody: an unknown e-mail takes the same way and the same time."""

    session: Session
    person: Superadmin | None
    sessions = SuperadminSession

    def own_sessions(self) -> ColumnElement[bool]:
        return SuperadminSession.superadmin_id == (self.person.id if self.person else None)

    def new_session(self, **columns: str) -> None:
        assert self.person
        self.session.add(SuperadminSession(superadmin_id=self.person.id, **columns))

    def note(self, action: str, actor: Actor, **facts: str) -> None:
        body = canonical_json({"ip": actor.ip, "request": actor.request_id, **facts})
        self.session.add(PlatformAuditEntry(action=action, actor_name=actor.name, body=body))


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
