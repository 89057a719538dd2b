"""How much of its plan a company uses, for the page that shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select

from app.extensions import db
from app.models import PhotoPlacement, Report, Tenant
from app.plans.limits import (
    bytes_used,
    count_bytes,
    count_people,
    count_reports_of_month,
    first_of_month,
    gigabytes,
    limits_in_force,
    people_used,
    reports_of_month,
)
from app.plans.plans import Limit, Plan
from app.rows import own_tenant

MONTHS = 12
# Share of a limit above which a warning is shown.
WARNING_SHARE = Decimal("0.8")

# What is counted of each limit, by the start of the month.
_COUNTS: dict[Limit, Callable[[datetime], ColumnElement[Any]]] = {
    Limit.PEOPLE: lambda _month: people_used(),
    Limit.REPORTS_MONTH: reports_of_month,
    Limit.STORAGE_BYTES: lambda _month: bytes_used(),
}


@dataclass(frozen=True, slots=True)
class LimitUsage:
    """The usage of one limit, in people, reports, photos or GB. `most` is None if unlimited."""

    limit: Limit
    used: Decimal
    most: Decimal | None

    @property
    def is_full(self) -> bool:
        return self.most is not None and self.used >= self.most

    @property
    def is_nearly_full(self) -> bool:
        return self.most is not None and not self.is_full and self.used >= self.most * WARNING_SHARE


@dataclass(frozen=True, slots=True)
class Month:
    """The first day of a month, and the number of reports started in it (company time)."""

    first: date
    reports: int


@dataclass(frozen=True, slots=True)
class PlanUsage:
    """A company's usage of its plan.

    `fullest` is the number of this month's report with the most photos, if any report has photos.
    `trial_ends_at` is the midnight after the last day of a trial. `stored` is in bytes, because a
    small amount would round to 0 GB.
    """

    plan: Plan
    trial_ends_at: datetime | None
    meters: tuple[LimitUsage, ...]
    months: tuple[Month, ...]
    fullest: str | None
    stored: int

    @property
    def busiest(self) -> int:
        """The highest number of reports in a month, at least 1."""
        return max(1, *(month.reports for month in self.months))


def get_usage() -> PlanUsage:
    """The current usage of the bound tenant, in nine small queries."""
    tenant = own_tenant()
    most = limits_in_force(tenant)
    number, photos = _fullest_report(first_of_month(tenant.time_zone))
    stored = count_bytes()
    used = {
        Limit.PEOPLE: count_people(),
        Limit.REPORTS_MONTH: count_reports_of_month(),
        Limit.STORAGE_BYTES: stored,
        Limit.PHOTOS_REPORT: photos,
    }
    return PlanUsage(
        plan=Plan(tenant.plan),
        trial_ends_at=tenant.trial_ends_at,
        meters=tuple(_meter(limit, used[limit], most[limit]) for limit in used),
        months=tuple(_months(tenant.time_zone)),
        fullest=number,
        stored=stored,
    )


def counted_limits(tenant: Tenant) -> frozenset[Limit]:
    """The company's limits that `tight_limit_columns` counts. Unlimited things are not counted."""
    most = limits_in_force(tenant)
    return frozenset(limit for limit in _COUNTS if most[limit] is not None)


def tight_limit_columns(counted: Set[Limit], month: datetime) -> list[ColumnElement[Any]]:
    """What `list_tight_limits` needs, as columns for a statement that reads other things too.
    `month` is the start of the current month."""
    return [count(month).label(limit.value) for limit, count in _COUNTS.items() if limit in counted]


def list_tight_limits(tenant: Tenant, used: Mapping[str, int]) -> tuple[LimitUsage, ...]:
    """The company's limits that are reached or nearly reached; `used` is a row with the columns
    above."""
    most = limits_in_force(tenant)
    meters = [
        _meter(limit, used[limit.value], most[limit]) for limit in most if limit.value in used
    ]
    return tuple(meter for meter in meters if meter.is_full or meter.is_nearly_full)


def _meter(limit: Limit, used: int, most: int | None) -> LimitUsage:
    def in_unit(number: int) -> Decimal:
        return gigabytes(number) if limit is Limit.STORAGE_BYTES else Decimal(number)

    return LimitUsage(limit, in_unit(used), None if most is None else in_unit(most))


def _fullest_report(since: datetime) -> tuple[str | None, int]:
    """The number and photo count of the report with the most photos, among those started since."""
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
    """The last twelve months, including those without reports; the current month comes last."""
    firsts = _first_days(time_zone)
    since = datetime.combine(firsts[0], datetime.min.time(), ZoneInfo(time_zone))
    month = func.date_trunc("month", func.timezone(time_zone, Report.created_at))
    rows = db.session.execute(
        select(month, func.count(Report.id))
        .where(Report.created_at >= since, Report.revision == 0)
        .group_by(month)
    )
    counts = {start.date(): count for start, count in rows}
    return (Month(first, counts.get(first, 0)) for first in firsts)


def _first_days(time_zone: str) -> list[date]:
    this = first_of_month(time_zone).date()
    numbers = [this.year * 12 + this.month - 1 - back for back in reversed(range(MONTHS))]
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]
