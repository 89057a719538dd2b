"""Deleting a company: announced, waited for, and called off until it is done.

The erasing itself is `flask tenant erase`, as the role that owns the tables. See tenants.py for
the two audits.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from app.company.exporting import find_finished_export, find_open_export, request_export
from app.errors import DomainError
from app.models import Actor, Export, Tenant, TenantStatus
from app.platform.service import note
from app.platform.tenants import ReasonMissing, lock_tenant, tell_both

WAIT = timedelta(days=30)


class NotSuspended(DomainError):
    """%(name)s is not suspended. Suspend it first: its people can then read and export, and
    nothing new comes in."""


class SlugDiffers(DomainError):
    """This is not the slug of the company. Write %(slug)s to confirm."""

    status = 422


class ExportMissing(DomainError):
    """There is no finished export that was asked for after the suspension. Prepare one, or write
    down that the company does without and why."""

    status = 422


def prepare_export(session: Session, *, tenant_id: UUID, actor: Actor) -> Export:
    """Have the bound company's export made, which both audits tell; one that is being made already
    is that one. Raises NotFound."""
    tenant = lock_tenant(session, tenant_id)
    if export := find_open_export():
        return export
    export = request_export(actor=actor)
    facts = {"name": tenant.name, "export": str(export.id)}
    note(session, "export.requested", actor, tenant_id=tenant.id, **facts)
    return export


def find_last_export(tenant: Tenant) -> Export | None:
    """The bound company's export that holds everything: asked for when nothing could change any
    more. One that was only finished then had read its rows before."""
    export = find_finished_export()
    if export is None or tenant.suspended_at is None:
        return None
    return export if export.created_at >= tenant.suspended_at else None


def request_deletion(
    session: Session, *, tenant_id: UUID, slug: str, reason: str, waiver: str, actor: Actor
) -> Tenant:
    """Let the company be erased from 30 days on. `waiver` is why it does without an export.

    A second time changes nothing. Raises NotFound, NotSuspended, SlugDiffers, ReasonMissing or
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
        tenant.deletion_due_at = datetime.now(UTC) + WAIT
        tenant.deletion_reason = reason.strip()
        tell_both(
            session,
            "tenant.deletion_requested",
            tenant,
            actor,
            reason=reason.strip(),
            due=tenant.deletion_due_at.date().isoformat(),
            export=str(export.id) if export else None,
            waiver=None if export else waiver.strip(),
        )
    return tenant


def cancel_deletion(session: Session, *, tenant_id: UUID, actor: Actor) -> Tenant:
    """The company stays, suspended as it was; a second time changes nothing. Raises NotFound."""
    tenant = lock_tenant(session, tenant_id)
    if tenant.deletion_due_at is not None:
        tenant.deletion_due_at = tenant.deletion_reason = None
        tell_both(session, "tenant.deletion_cancelled", tenant, actor)
    return tenant
