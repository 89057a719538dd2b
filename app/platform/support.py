"""A superadmin's look into one company: asked for with a reason, short, told to the company.

Runs on a platform session, because the app's own role may show a look and never open one, and in
the company's scope, whose chain says that it was opened and how it ended. What a look shows and
refuses is decided in app/auth/identity.py and app/web/guards.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from app.auth.queries import is_open
from app.errors import DomainError, NotFound
from app.evidence.service import record
from app.extensions import db
from app.models import Actor, AuditEntry, Superadmin, SuperadminSession, SupportAccess
from app.platform.service import note
from app.platform.tenants import ReasonMissing, lock_tenant
from app.tenancy import platform_scope, require_tenant, tenant_scope


class AlreadyLooking(DomainError):
    """You already have support access to %(name)s. End it before you open another one."""


# How long a look may take, in minutes.
LENGTHS = (30, 120, 480)
SYSTEM = Actor("Laudo")


@dataclass(frozen=True, slots=True)
class OpenLook:
    """A look that is open at this moment, as the company is told."""

    id: UUID
    superadmin_name: str
    reason: str
    expires_at: datetime


def open_support(
    session: Session,
    *,
    tenant_id: UUID,
    superadmin_session: UUID,
    minutes: int,
    reason: str,
    actor: Actor,
) -> SupportAccess:
    """A look for this one browser of the superadmin, which has none. Raises NotFound or
    ReasonMissing."""
    assert minutes in LENGTHS and actor.account_id
    tenant = lock_tenant(session, tenant_id)
    if not reason.strip():
        raise ReasonMissing
    access = SupportAccess(
        tenant_id=tenant.id,
        superadmin_id=actor.account_id,
        superadmin_name=actor.name,
        reason=reason.strip(),
        expires_at=datetime.now(UTC) + timedelta(minutes=minutes),
    )
    session.add(access)
    session.flush()
    session.execute(
        update(SuperadminSession)
        .where(SuperadminSession.id == superadmin_session)
        .values(support_access_id=access.id, support_tenant_id=tenant.id)
    )
    facts = {"reason": access.reason, "minutes": str(minutes)}
    note(session, "support.opened", actor, tenant_id=tenant.id, name=tenant.name, **facts)
    record(
        action="support.opened",
        actor=actor,
        object_type="support",
        object_id=access.id,
        until=access.expires_at.isoformat(),
        **facts,
    )
    return access


def end_support(session: Session, *, access_id: UUID, actor: Actor) -> None:
    """End a look into the bound company, whoever does it; a second time changes nothing.

    Raises NotFound, for other companies' looks too.
    """
    access = session.scalars(
        select(SupportAccess)
        .where(SupportAccess.id == access_id, SupportAccess.tenant_id == require_tenant())
        .with_for_update(key_share=True)
    ).one_or_none()
    if access is None:
        raise NotFound
    if access.ended_at is not None:
        return
    now = datetime.now(UTC)
    access.ended_at = min(now, access.expires_at)
    session.flush()
    name = access.superadmin_name
    ran_out = access.expires_at <= now
    note(
        session, "support.ended", actor, tenant_id=access.tenant_id, whose=name, ran_out=ran_out
    )  # fmt: skip
    if not _is_told(access.id):
        record(
            action="support.ended",
            actor=actor,
            object_type="support",
            object_id=access.id,
            whose=name,
            ran_out=ran_out,
        )


def is_of_company(access_id: UUID) -> bool:
    """Whether it is a look into the bound company."""
    known = select(SupportAccess.id).where(SupportAccess.id == access_id)
    return db.session.scalars(known).one_or_none() is not None


def find_open_looks() -> list[OpenLook]:
    """Into the bound company, oldest first."""
    rows = db.session.execute(
        select(
            SupportAccess.id,
            SupportAccess.superadmin_name,
            SupportAccess.reason,
            SupportAccess.expires_at,
        )
        .where(SupportAccess.ended_at.is_(None), SupportAccess.expires_at > func.clock_timestamp())
        .order_by(SupportAccess.created_at)
    )
    return [OpenLook(*row) for row in rows]


def end_left_over() -> int:
    """End every look whose time is over, or whose superadmin logged out or was closed, and tell
    its company. The relay calls this; each look is a transaction of its own."""
    with platform_scope() as session:
        over = [(row.id, row.tenant_id) for row in session.execute(_left_over())]
    for access_id, tenant_id in over:
        # The company's entry is committed first: what breaks off in between is ended next time,
        # and told once.
        with (
            platform_scope() as session,
            tenant_scope(tenant_id),
            session.begin(),
            db.session.begin(),
        ):
            end_support(session, access_id=access_id, actor=SYSTEM)
    return len(over)


def _left_over() -> Select[UUID, UUID]:
    is_alive = exists().where(
        and_(
            SuperadminSession.support_access_id == SupportAccess.id,
            is_open(SuperadminSession),
            Superadmin.id == SuperadminSession.superadmin_id,
            Superadmin.is_active,
        )
    )
    return select(SupportAccess.id, SupportAccess.tenant_id).where(
        SupportAccess.ended_at.is_(None),
        or_(SupportAccess.expires_at <= func.clock_timestamp(), ~is_alive),
    )


def _is_told(access_id: UUID) -> bool:
    told = select(AuditEntry.id).where(
        AuditEntry.object_id == access_id, AuditEntry.action == "support.ended"
    )
    return db.session.scalars(told.limit(1)).one_or_none() is not None
