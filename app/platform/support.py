"""Support access of a superadmin to one company: with a reason, short, and visible to the company.

Opening and ending run on a platform session, because the app's database role can only read support
accesses, and in the company's scope, whose audit chain records both. What a support access allows
is decided in app/auth/identity.py and app/web/guards.py.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from app.auth.identity import OpenSupport
from app.auth.queries import is_open
from app.errors import DomainError
from app.evidence.service import record, record_on_platform
from app.extensions import db
from app.models import Actor, AuditEntry, Superadmin, SuperadminSession, SupportAccess
from app.platform.tenants import ReasonMissing, lock_tenant
from app.rows import one_or_404
from app.tenancy import platform_scope, require_tenant


class SupportAlreadyOpen(DomainError):
    """You already have support access to %(name)s. End it before you open another one."""


# The possible durations of a support access, in minutes.
SUPPORT_MINUTES = (30, 120, 480)
SYSTEM = Actor("Laudo")


def open_support(
    session: Session,
    *,
    tenant_id: UUID,
    superadmin_session: UUID,
    minutes: int,
    reason: str,
    actor: Actor,
) -> SupportAccess:
    """Open a support access for one session of the superadmin, which must not have one yet.

    Raises NotFound or ReasonMissing.
    """
    assert minutes in SUPPORT_MINUTES and actor.account_id
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
    record_on_platform(
        "support.opened", session, actor, tenant_id=tenant.id, name=tenant.name, **facts
    )
    record("support.opened", access, actor, until=access.expires_at.isoformat(), **facts)
    return access


def end_support(session: Session, *, access_id: UUID, actor: Actor) -> None:
    """End a support access to the bound company. A repeated call changes nothing.

    Raises NotFound, also for support accesses to other companies.
    """
    access = one_or_404(
        select(SupportAccess)
        .where(SupportAccess.id == access_id, SupportAccess.tenant_id == require_tenant())
        .with_for_update(key_share=True),
        session,
    )
    if access.ended_at is not None:
        return
    now = datetime.now(UTC)
    access.ended_at = min(now, access.expires_at)
    session.flush()
    facts = {"whose": access.superadmin_name, "ran_out": access.expires_at <= now}
    record_on_platform("support.ended", session, actor, tenant_id=access.tenant_id, **facts)
    if not _is_recorded(access.id):
        record("support.ended", access, actor, **facts)


def is_support_of_company(access_id: UUID) -> bool:
    """True if it is a support access to the bound company."""
    known = select(SupportAccess.id).where(SupportAccess.id == access_id)
    return db.session.scalars(known).one_or_none() is not None


def list_open_support() -> list[OpenSupport]:
    """List the open support accesses to the bound company, oldest first."""
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
    return [OpenSupport(*row) for row in rows]


def list_overdue_support() -> list[tuple[UUID, UUID]]:
    """List (id, tenant id) of all support accesses that must end.

    These have expired, or their superadmin logged out or was deactivated.
    """
    with platform_scope() as session:
        return [(row.id, row.tenant_id) for row in session.execute(_overdue())]


def _overdue() -> Select[UUID, UUID]:
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


def _is_recorded(access_id: UUID) -> bool:
    recorded = select(AuditEntry.id).where(
        AuditEntry.object_id == access_id, AuditEntry.action == "support.ended"
    )
    return db.session.scalars(recorded.limit(1)).one_or_none() is not None
