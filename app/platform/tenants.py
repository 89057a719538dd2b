"""Changes a company from the platform: name and locale, plan and limits, suspension, first admin.

Each function runs on a platform session and in the company's scope at the same time, because both
audits record the change. The caller commits both. The slug never changes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.email_address import require_email
from app.errors import DomainError
from app.evidence.service import record, record_on_platform
from app.mail.queries import is_email_taken
from app.models import Actor, Role, Tenant, TenantStatus
from app.plans.plans import Limit, Plan
from app.platform.service import require_known, status_of
from app.rows import apply_changes, one_or_404
from app.team.approving import awaits_approval
from app.team.inviting import InvitationFacts, invite_person
from app.team.service import EmailTaken, tidy_name


class ReasonMissing(DomainError):
    """Enter a reason. The company will see it."""

    status = 422


class DeletionPending(DomainError):
    """%(name)s is scheduled for deletion. Cancel the deletion first."""


def lock_tenant(session: Session, tenant_id: UUID) -> Tenant:
    """Lock the company against other changes until the commit. Raises NotFound.

    FOR NO KEY UPDATE still allows inserts that refer to the company; the audit entry in the
    company's own transaction would wait forever for a stronger lock.
    """
    held = select(Tenant).where(Tenant.id == tenant_id).with_for_update(key_share=True)
    return one_or_404(held, session)


def update_tenant(
    session: Session, *, tenant_id: UUID, name: str, locale: str, time_zone: str, actor: Actor
) -> Tenant:
    """Raises NotFound, NameMissing, UnknownLocale or UnknownTimeZone."""
    require_known(locale, time_zone)
    tenant = lock_tenant(session, tenant_id)
    new = {"name": tidy_name(name), "locale": locale, "time_zone": time_zone}
    if changes := apply_changes(tenant, new, _plain):
        record_in_both("tenant.updated", session, tenant, actor, changes=changes)
    return tenant


def set_plan(
    session: Session,
    *,
    tenant_id: UUID,
    plan: Plan,
    limits: dict[Limit, int | None],
    trial_ends_at: datetime | None,
    actor: Actor,
) -> Tenant:
    """Set the plan and the company's own limits. Raises NotFound.

    A limit that is not in `limits` comes from the plan; None means unlimited. `trial_ends_at`
    applies only to the trial plan.
    """
    tenant = lock_tenant(session, tenant_id)
    new = {
        "plan": plan.value,
        "limits": {limit.value: most for limit, most in limits.items()},
        "trial_ends_at": trial_ends_at if plan is Plan.TRIAL else None,
    }
    if changes := apply_changes(tenant, new, _plain):
        if tenant.status is not TenantStatus.SUSPENDED:
            tenant.status = status_of(plan)
        record_in_both("tenant.plan_changed", session, tenant, actor, changes=changes)
    return tenant


def suspend_tenant(session: Session, *, tenant_id: UUID, reason: str, actor: Actor) -> Tenant:
    """Make the company read-only; nobody is logged out. A repeated call changes nothing.

    Raises NotFound or ReasonMissing.
    """
    tenant = lock_tenant(session, tenant_id)
    if not reason.strip():
        raise ReasonMissing
    if tenant.status is not TenantStatus.SUSPENDED:
        tenant.status = TenantStatus.SUSPENDED
        tenant.suspended_at = datetime.now(UTC)
        tenant.suspended_reason = reason.strip()
        record_in_both("tenant.suspended", session, tenant, actor, reason=reason.strip())
    return tenant


def reactivate_tenant(session: Session, *, tenant_id: UUID, actor: Actor) -> Tenant:
    """End the suspension. A repeated call changes nothing.

    Raises NotFound, or DeletionPending if a deletion is scheduled.
    """
    tenant = lock_tenant(session, tenant_id)
    if tenant.deletion_due_at is not None:
        raise DeletionPending(name=tenant.name)
    if tenant.status is TenantStatus.SUSPENDED:
        tenant.status = status_of(tenant.plan)
        tenant.suspended_at = tenant.suspended_reason = None
        record_in_both("tenant.reactivated", session, tenant, actor)
    return tenant


def invite_admin(session: Session, *, tenant_id: UUID, email: str, name: str, actor: Actor) -> bool:
    """Invite an admin. True if an admin of the company must approve the invitation first.

    Only the company's audit names the invited person, the platform's does not. Raises NotFound,
    NameMissing, EmailTaken and the errors of `invite_person`.
    """
    tenant = lock_tenant(session, tenant_id)
    facts = InvitationFacts(email=require_email(email), name=tidy_name(name), role=Role.ADMIN)
    if is_email_taken(facts.email):
        raise EmailTaken(email=email)
    invitation = invite_person(facts=facts, actor=actor)
    is_waiting = awaits_approval(invitation)
    record_on_platform(
        "tenant.admin_invited", session, actor, tenant_id=tenant.id, name=tenant.name
    )
    return is_waiting


def record_in_both(
    action: str, session: Session, tenant: Tenant, actor: Actor, **facts: Any
) -> None:
    """Record the entry in the platform's audit and in the audit chain of the bound company."""
    session.flush()
    record_on_platform(action, session, actor, tenant_id=tenant.id, name=tenant.name, **facts)
    record(action, tenant, actor, **facts)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, dict):
        return {name: None if most is None else str(most) for name, most in value.items()}
    return value
