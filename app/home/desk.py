"""Everything that one person's start page shows, by role. The route only hands it over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.company.usage import Meter, list_tight_limits
from app.definition.outcome import Outcome
from app.evidence.finding import Entry, list_ways_in
from app.home.onboarding import Onboarding, find_onboarding
from app.home.queries import (
    SHORT,
    Clock,
    Figures,
    ProjectFigures,
    Trouble,
    count_figures,
    list_by_project,
    list_failed_documents,
    list_finished,
    list_longest_untouched,
    list_needing_somebody,
    list_quarantined,
    list_waiting,
)
from app.models import Actor, Role, Tenant, TenantStatus
from app.reports.lists import ReportLine
from app.team.queries import InvitationLine, list_invitations

TRIAL_NOTICE = timedelta(days=14)
# For so long an act of the platform stands on every admin's start page; in the audit for ever.
TOLD_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class TechnicianDesk:
    figures: Figures
    waiting: tuple[ReportLine, ...]
    quarantined: list[Trouble]
    failed: list[Trouble]
    finished: tuple[ReportLine, ...]


@dataclass(frozen=True, slots=True)
class ManagerDesk:
    """`untouched` are open reports by how long nothing happened; the last six an admin's only.
    `trial_ends_at` is the midnight after a trial's last day. `ways_in` are acts of the platform
    that let it in, or could; `waiting_invitations` are its own and wait for an approval."""

    figures: Figures
    needing: tuple[ReportLine, ...]
    untouched: tuple[ReportLine, ...]
    quarantined: list[Trouble]
    failed: list[Trouble]
    finished: tuple[ReportLine, ...]
    projects: list[ProjectFigures]
    invitations: int = 0
    meters: tuple[Meter, ...] = ()
    trial_ends_at: datetime | None = None
    onboarding: Onboarding | None = None
    waiting_invitations: tuple[InvitationLine, ...] = ()
    ways_in: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewerDesk:
    finished: tuple[ReportLine, ...]


Desk = TechnicianDesk | ManagerDesk | ViewerDesk


def get_desk(person: Actor, tenant: Tenant, result: Outcome | None = None) -> Desk:
    """What waits for a person of the bound tenant, at this moment; `result` narrows what is
    finished."""
    clock = clock_of(tenant.time_zone)
    finished = list_finished_of(person, tenant, result)
    if person.role is Role.VIEWER:
        return ViewerDesk(finished=finished)
    if person.role is Role.TECHNICIAN:
        return TechnicianDesk(
            figures=count_figures(person, clock),
            waiting=list_waiting(person),
            quarantined=list_quarantined(person),
            failed=list_failed_documents(person),
            finished=finished,
        )
    is_admin = person.role is Role.ADMIN
    invited = list_invitations() if is_admin else []
    waiting = tuple(line for line in invited if line.is_waiting)
    return ManagerDesk(
        figures=count_figures(person, clock),
        needing=list_needing_somebody(person, clock),
        untouched=list_longest_untouched(person, clock),
        quarantined=list_quarantined(person),
        failed=list_failed_documents(person),
        finished=finished,
        projects=list_by_project(person, clock),
        # Those that wait for an approval stand by themselves.
        invitations=sum(not line.is_expired and not line.is_waiting for line in invited),
        meters=list_tight_limits(tenant) if is_admin else (),
        trial_ends_at=find_near_end(tenant) if is_admin else None,
        onboarding=find_onboarding(person) if is_admin else None,
        waiting_invitations=waiting,
        ways_in=_list_ways_in(person, waiting) if is_admin else (),
    )


def _list_ways_in(person: Actor, waiting: tuple[InvitationLine, ...]) -> tuple[Entry, ...]:
    return list_ways_in(
        since=datetime.now(UTC) - TOLD_FOR,
        limit=SHORT,
        reader=person.account_id,
        told=[line.id for line in waiting],
    )


def list_finished_of(
    person: Actor, tenant: Tenant, result: Outcome | None
) -> tuple[ReportLine, ...]:
    """The finished reports that the person's start page shows: managers see this week's."""
    if person.role is Role.VIEWER:
        return list_finished(person, result=result, limit=20)
    if person.role is Role.TECHNICIAN:
        return list_finished(person, result=result, limit=SHORT)
    return list_finished(person, since=clock_of(tenant.time_zone).week, result=result)


def clock_of(time_zone: str) -> Clock:
    """Weeks begin on Monday."""
    zone = ZoneInfo(time_zone)
    today = datetime.now(zone).date()
    monday = today - timedelta(days=today.weekday())
    return Clock(today, datetime.combine(monday, time(), zone))


def find_near_end(tenant: Tenant) -> datetime | None:
    """The end of a trial with two weeks to go or less; one that is over has its banner."""
    ends = tenant.trial_ends_at
    if tenant.status is not TenantStatus.TRIAL or ends is None or tenant.is_trial_over:
        return None
    return ends if ends - datetime.now(UTC) <= TRIAL_NOTICE else None
