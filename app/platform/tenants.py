"""What the platform changes about a company: facts, plan and limits, suspension.

Each verb runs on a platform session and, at the same time, in the company's own scope: what
concerns the company stands in both audits. The caller commits both. The slug never changes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.queries import is_email_taken
from app.company.plans import Limit, Plan
from app.errors import DomainError, NotFound
from app.evidence.service import differences, record
from app.models import Actor, Role, Tenant, TenantStatus
from app.platform.service import note, require_known, status_of
from app.team.approving import awaits_approval
from app.team.inviting import InvitationFacts, invite_person
from app.team.service import EmailTaken, tidy_email, tidy_name


class ReasonMissing(DomainError):
    """Give a reason. The company reads it."""

    status = 422


class IsLeaving(DomainError):
    """%(name)s will be deleted. Cancel the deletion first."""


def lock_tenant(session: Session, tenant_id: UUID) -> Tenant:
    """The company, held against other changes of it until the commit. Raises NotFound.

    Not held so hard that its own rows could not be written: the company's audit entry is.
    """
    held = select(Tenant).where(Tenant.id == tenant_id).with_for_update(key_share=True)
    tenant = session.scalars(held).one_or_none()
    if tenant is None:
        raise NotFound
    return tenant


def update_tenant(
    session: Session, *, tenant_id: UUID, name: str, locale: str, time_zone: str, actor: Actor
) -> Tenant:
    """Raises NotFound, NameMissing, UnknownLocale or UnknownTimeZone."""
    require_known(locale, time_zone)
    tenant = lock_tenant(session, tenant_id)
    new = {"name": tidy_name(name), "locale": locale, "time_zone": time_zone}
    if changes := _change(tenant, new):
        tell_both(session, "tenant.updated", tenant, actor, changes=changes)
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
    """Plan and own limits; a limit that is not in `limits` is the plan's, None is without limit.

    A company on the trial plan is a trial until `trial_ends_at`. Raises NotFound.
    """
    tenant = lock_tenant(session, tenant_id)
    new = {
        "plan": plan.value,
        "limits": {limit.value: most for limit, most in limits.items()},
        "trial_ends_at": trial_ends_at if plan is Plan.TRIAL else None,
    }
    if changes := _change(tenant, new):
        if tenant.status is not TenantStatus.SUSPENDED:
            tenant.status = status_of(plan)
        tell_both(session, "tenant.plan_changed", tenant, actor, changes=changes)
    return tenant


def suspend_tenant(session: Session, *, tenant_id: UUID, reason: str, actor: Actor) -> Tenant:
    """From now on everything can be read and nothing changed; nobody is logged out.

    A second time changes nothing. Raises NotFound or ReasonMissing.
    """
    tenant = lock_tenant(session, tenant_id)
    if not reason.strip():
        raise ReasonMissing
    if tenant.status is not TenantStatus.SUSPENDED:
        tenant.status = TenantStatus.SUSPENDED
        tenant.suspended_at = datetime.now(UTC)
        tenant.suspended_reason = reason.strip()
        tell_both(session, "tenant.suspended", tenant, actor, reason=reason.strip())
    return tenant


def reactivate_tenant(session: Session, *, tenant_id: UUID, actor: Actor) -> Tenant:
    """A second time changes nothing. Raises NotFound, or IsLeaving while a deletion waits."""
    tenant = lock_tenant(session, tenant_id)
    if tenant.deletion_due_at is not None:
        raise IsLeaving(name=tenant.name)
    if tenant.status is TenantStatus.SUSPENDED:
        tenant.status = status_of(tenant.plan)
        tenant.suspended_at = tenant.suspended_reason = None
        tell_both(session, "tenant.reactivated", tenant, actor)
    return tenant


def invite_admin(session: Session, *, tenant_id: UUID, email: str, name: str, actor: Actor) -> bool:
    """Invite somebody as an admin; whether an admin of the company must approve it first. The
    platform's audit does not say whom; the company's does.

    Raises NotFound, NameMissing, EmailTaken, and what an invitation is refused for.
    """
    tenant = lock_tenant(session, tenant_id)
    facts = InvitationFacts(email=tidy_email(email), name=tidy_name(name), role=Role.ADMIN)
    if is_email_taken(facts.email):
        raise EmailTaken(email=email)
    invitation = invite_person(facts=facts, actor=actor)
    is_waiting = awaits_approval(invitation)
    note(session, "tenant.admin_invited", actor, tenant_id=tenant.id, name=tenant.name)
    return is_waiting


def tell_both(session: Session, action: str, tenant: Tenant, actor: Actor, **facts: Any) -> None:
    """The same entry for the platform's audit and for the chain of the company, which is bound."""
    session.flush()
    note(session, action, actor, tenant_id=tenant.id, name=tenant.name, **facts)
    record(action=action, actor=actor, object_type="tenant", object_id=tenant.id, **facts)


def _change(tenant: Tenant, new: dict[str, Any]) -> dict[str, Any]:
    """Set what differs; what it was and is, as the audit keeps it."""
    changes = differences(tenant, new, _plain)
    for column in changes:
        setattr(tenant, column, new[column])
    return changes


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, dict):
        return {name: None if most is None else str(most) for name, most in value.items()}
    return value
