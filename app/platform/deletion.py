"""Schedules the deletion of a company after a waiting period, in which it can be cancelled.

`flask tenant erase` does the erasing, with the role that owns the tables. tenants.py explains the
two audits.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import DomainError
from app.evidence.service import record_on_platform
from app.exports.company.service import find_finished_export, find_open_export, request_export
from app.models import Actor, Export, Tenant, TenantStatus
from app.platform.tenants import ReasonMissing, lock_tenant, record_in_both

WAITING_PERIOD = timedelta(days=30)


class NotSuspended(DomainError):
    """%(name)s is not suspended. Suspend it first: its people can then read and export, but nothing
    new can be added."""


class SlugDiffers(DomainError):
    """This is not the company's slug. Enter %(slug)s to confirm."""

    status = 422


class ExportMissing(DomainError):
    """There is no completed export that was requested after the suspension. Prepare one, or record
    that the company waives it and why."""

    status = 422


def prepare_export(session: Session, *, tenant_id: UUID, actor: Actor) -> Export:
    """Request an export of the bound company and record it in both audits. Raises NotFound.

    If an export is already in progress, returns that one.
    """
    tenant = lock_tenant(session, tenant_id)
    if export := find_open_export():
        return export
    export = request_export(actor=actor)
    facts = {"name": tenant.name, "export": str(export.id)}
    record_on_platform("export.requested", session, actor, tenant_id=tenant.id, **facts)
    return export


def find_last_export(tenant: Tenant) -> Export | None:
    """The bound company's complete export: one that was requested after the suspension.

    An export requested earlier may have read its rows before the last changes, even if it finished
    later.
    """
    export = find_finished_export()
    if export is None or tenant.suspended_at is None:
        return None
    return export if export.created_at >= tenant.suspended_at else None


def request_deletion(
    session: Session, *, tenant_id: UUID, slug: str, reason: str, waiver: str, actor: Actor
) -> Tenant:
    """Schedule the erasure of the company in 30 days. `waiver` says why no export is needed.

    A repeated request changes nothing. Raises NotFound, NotSuspended, SlugDiffers, ReasonMissing or
    ExportMissing.
    """
    tenant = lock_tenant(session, tenant_id)
    if tenant.status is not TenantStatus.SUSPENDED:
        raise NotSuspended(name=tenant.name)
    if slug.strip() != tenant.slug:
        raise SlugDiffers(slug=tenant.slug)
    if not reason.strip():
        raise ReasonMissing
    export = find_last_export(tenant)
    if export is None and not waiver.strip():
        raise ExportMissing
    if tenant.deletion_due_at is None:
        tenant.deletion_due_at = datetime.now(UTC) + WAITING_PERIOD
        tenant.deletion_reason = reason.strip()
        record_in_both(
            "tenant.deletion_requested",
            session,
            tenant,
            actor,
            reason=reason.strip(),
            due=tenant.deletion_due_at.date().isoformat(),
            export=str(export.id) if export else None,
            waiver=None if export else waiver.strip(),
        )
    return tenant


def cancel_deletion(session: Session, *, tenant_id: UUID, actor: Actor) -> Tenant:
    """Cancel the deletion; the company stays suspended. Idempotent. Raises NotFound."""
    tenant = lock_tenant(session, tenant_id)
    if tenant.deletion_due_at is not None:
        tenant.deletion_due_at = tenant.deletion_reason = None
        record_in_both("tenant.deletion_cancelled", session, tenant, actor)
    return tenant
