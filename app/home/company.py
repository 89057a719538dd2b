"""What an admin's start page says about the company itself: first steps, limits, invitations, and
what the Laudo operator did.

One statement reads what most companies have; lists that are mostly empty are read only if they
have a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from app.audit.queries import AuditLine, has_platform_access, list_platform_access
from app.home.onboarding import Onboarding, read_onboarding, select_progress
from app.home.queries import SHORT
from app.models import Actor, Tenant, TenantStatus
from app.plans.limits import first_of_month
from app.plans.plans import Limit
from app.plans.usage import LimitUsage, counted_limits, list_tight_limits, tight_limit_columns
from app.prepared import Prepared, bound, prepare
from app.team.queries import InvitationLine, has_invitations, list_invitations

TRIAL_NOTICE = timedelta(days=14)
# How long an action of the platform stays on the start page of admins. The audit keeps it forever.
NOTICE_PERIOD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class CompanyMatters:
    """`trial_ends_at` is the midnight after the trial's last day. `ways_in` are actions that gave
    the platform access to the company, or could have. `waiting_invitations` are those of the
    platform that wait for approval, `invitations` counts the others that are open."""

    invitations: int = 0
    meters: tuple[LimitUsage, ...] = ()
    trial_ends_at: datetime | None = None
    onboarding: Onboarding | None = None
    waiting_invitations: tuple[InvitationLine, ...] = ()
    ways_in: tuple[AuditLine, ...] = ()


def get_company_matters(person: Actor, tenant: Tenant) -> CompanyMatters:
    """Load what an admin of the bound tenant should know."""
    since = datetime.now(UTC) - NOTICE_PERIOD
    matters = _prepare(counted_limits(tenant))
    row = matters.run(since=since, month=first_of_month(tenant.time_zone)).one()
    invited = list_invitations() if row.has_invitations else []
    waiting = tuple(line for line in invited if line.is_waiting)
    return CompanyMatters(
        # Invitations that wait for approval are shown separately.
        invitations=sum(not line.is_expired and not line.is_waiting for line in invited),
        meters=list_tight_limits(tenant, row._asdict()),
        trial_ends_at=find_trial_end_soon(tenant),
        onboarding=read_onboarding(row, person),
        waiting_invitations=waiting,
        ways_in=_list_ways_in(since, person, waiting) if row.has_ways_in else (),
    )


@lru_cache
def _prepare(counted: frozenset[Limit]) -> Prepared:
    """The statement that reads everything that most companies have."""
    return prepare(
        select_progress(bound("tenant_id")).add_columns(
            has_invitations().label("has_invitations"),
            has_platform_access(bound("since")).label("has_ways_in"),
            *tight_limit_columns(counted, bound("month")),
        )
    )


def _list_ways_in(
    since: datetime, person: Actor, waiting: tuple[InvitationLine, ...]
) -> tuple[AuditLine, ...]:
    return list_platform_access(
        since=since,
        limit=SHORT,
        reader=person.account_id,
        shown_elsewhere=[line.id for line in waiting],
    )


def find_trial_end_soon(tenant: Tenant) -> datetime | None:
    """The end of a trial that ends within two weeks, else None. An expired trial has a banner."""
    ends = tenant.trial_ends_at
    if tenant.status is not TenantStatus.TRIAL or ends is None or tenant.is_trial_over:
        return None
    return ends if ends - datetime.now(UTC) <= TRIAL_NOTICE else None
