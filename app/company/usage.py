"""How much of its plan a company uses, for the page that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from app.company.limits import (
    count_bytes,
    count_people,
    count_reports_of_month,
    first_of_month,
    gigabytes,
    limits_in_force,
)
from app.company.plans import Limit, Plan
from app.extensions import db
from app.models import PhotoPlacement, Report, Tenant
from app.tenancy import require_tenant

MONTHS = 12
# From this share of a limit on it is worth a warning.
NEARLY = Decimal("0.8")


@dataclass(frozen=True, slots=True)
class Meter:
    """One limit: `used` of `most`, in people, reports, photos or GB; no `most` is no limit."""

    limit: Limit
    used: Decimal
    most: Decimal | None

    @property
    def is_full(self) -> bool:
        return self.most is not None and self.used >= self.most

    @property
    def is_nearly_full(self) -> bool:
        return self.most is not None and not self.is_full and self.used >= self.most * NEARLY


@dataclass(frozen=True, slots=True)
class Month:
    """The first day of a month by the company's clock, and how many reports were started in it."""

    first: date
    reports: int


@dataclass(frozen=True, slots=True)
class Usage:
    """`fullest` is the number of the report of this month with the most photos, if one has any;
    `trial_ends_at` is the midnight after the last day of a trial. `stored` is in bytes: a meter's
    GB say nothing of a young company."""

    plan: Plan
    trial_ends_at: datetime | None
    meters: tuple[Meter, ...]
    months: tuple[Month, ...]
    fullest: str | None
    stored: int

    @property
    def busiest(self) -> int:
        """The most reports of a month, at least 1."""
        return max(1, *(month.reports for month in self.months))


def get_usage() -> Usage:
    """Of the bound tenant, at this moment; nine small queries however many rows there are."""
    tenant = db.session.scalars(select(Tenant).where(Tenant.id == require_tenant())).one()
    most = limits_in_force(tenant)
    number, photos = _fullest_report(first_of_month(tenant.time_zone))
    stored = count_bytes()
    used = {
        Limit.PEOPLE: count_people(),
        Limit.REPORTS_MONTH: count_reports_of_month(),
        Limit.STORAGE_BYTES: stored,
        Limit.PHOTOS_REPORT: photos,
    }
    return Usage(
        plan=Plan(tenant.plan),
        trial_ends_at=tenant.trial_ends_at,
        meters=tuple(_meter(limit, used[limit], most[limit]) for limit in used),
        months=tuple(_months(tenant.time_zone)),
        fullest=number,
        stored=stored,
    )


def list_tight_limits(tenant: Tenant) -> tuple[Meter, ...]:
    """The company's limits that are reached or nearly so; what has no limit is not counted."""
    most = limits_in_force(tenant)
    counts = {
        Limit.PEOPLE: count_people,
        Limit.REPORTS_MONTH: count_reports_of_month,
        Limit.STORAGE_BYTES: count_bytes,
    }
    meters = (
        _meter(limit, count(), bound)
        for limit, count in counts.items()
        if (bound := most[limit]) is not None
    )
    return tuple(meter for meter in meters if meter.is_full or meter.is_nearly_full)


def _meter(limit: Limit, used: int, most: int | None) -> Meter:
    def in_its_unit(number: int) -> Decimal:
        return gigabytes(number) if limit is Limit.STORAGE_BYTES else Decimal(number)

    return Meter(limit, in_its_unit(used), None if most is None else in_its_unit(most))


def _fullest_report(since: datetime) -> tuple[str | None, int]:
    """Of those that were started since, the one with the most photos."""
    placed = (
        select(func.count(PhotoPlacement.id))
        .where(PhotoPlacement.report_id == Report.id, PhotoPlacement.removed_at.is_(None))
        .scalar_subquery()
        .label("placed")
    )
    row = db.session.execute(
        select(Report.number, Report.revision, placed)
        .where(Report.created_at >= since, Report.discarded_at.is_(None))
        .order_by(placed.desc(), Report.created_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None or not row.placed:
        return None, 0
    return f"{row.number}-R{row.revision}", row.placed


def _months(time_zone: str) -> Iterator[Month]:
    """The last twelve, this one last; those without a report too."""
    firsts = _first_days(time_zone)
    since = datetime.combine(firsts[0], datetime.min.time(), ZoneInfo(time_zone))
    month = func.date_trunc("month", func.timezone(time_zone, Report.created_at))
    rows = db.session.execute(
        select(month, func.count(Report.id)).where(Report.created_at >= since).group_by(month)
    )
    counts = {start.date(): count for start, count in rows}
    return (Month(first, counts.get(first, 0)) for first in firsts)


def _first_days(time_zone: str) -> list[date]:
    this = first_of_month(time_zone).date()
    numbers = [this.year * 12 + this.month - 1 - back for back in reversed(range(MONTHS))]
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]
