"""Counts and short lists of reports for the start page. Other queries are in app.reports.

A list is a selection of ids, so that all lists of a page are read in one statement
(`reports.listing.queries.read_lists`). Every list is limited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from app.definition.outcome import Outcome
from app.models import (
    FINISHED_STATUSES,
    OPEN_STATUSES,
    Account,
    Actor,
    Document,
    Photo,
    PhotoPlacement,
    PhotoReading,
    PhotoVerdict,
    Project,
    Report,
    ReportStatus,
    Role,
    WorkState,
)
from app.prepared import Prepared, bound, prepare
from app.reports.listing.filters import is_late
from app.reports.listing.order import Keys
from app.reports.listing.queries import select_ids
from app.reports.queries import any_person, visible_to
from app.reports.revisions import is_superseded

SHOWN = 10
SHORT = 5

IS_OPEN = Report.status.in_(OPEN_STATUSES)
IS_FINISHED = Report.status.in_(FINISHED_STATUSES)
# By due day, so late reports come first; then by last change, oldest first.
MOST_URGENT = (Report.due_on.asc().nulls_last(), Report.updated_at.asc(), Report.id.expression)
LONGEST_UNTOUCHED = (Report.updated_at.asc(), Report.id.expression)
LAST_FINISHED = (Report.completed_at.desc(), Report.id.expression)


@dataclass(frozen=True, slots=True)
class CompanyWeek:
    """Today in the company's time zone, and the aware start of the week in the reader's."""

    today: date
    start: datetime


def any_week() -> CompanyWeek:
    """Stands for the week of a prepared statement."""
    return CompanyWeek(bound("today"), bound("week_start"))


@dataclass(frozen=True, slots=True)
class ReportCounts:
    """Counts of the visible reports: open, open with a due day, late, due within a week, finished
    since `monday`."""

    open: int
    dated: int
    late: int
    soon: int
    finished: int
    monday: date


@dataclass(frozen=True, slots=True)
class ProjectReportCounts:
    """Counts of one project's reports: open, late, finished this week."""

    id: UUID
    name: str
    open: int
    late: int
    finished: int


class Figures(NamedTuple):
    """The counts of all visible reports, and of the projects that are shown."""

    reports: ReportCounts
    projects: list[ProjectReportCounts]


def get_figures(person: Actor, week: CompanyWeek) -> Figures:
    """Count the visible reports, and list the projects with reports that are open or were finished
    this week, most late reports first; one query."""
    rows = (
        _prepare_figures(person.role)
        .run(account_id=person.account_id, today=week.today, week_start=week.start)
        .all()
    )
    open_, dated, late, soon, finished = map(int, rows[0][5:]) if rows else (0,) * 5
    return Figures(
        ReportCounts(open_, dated, late, soon, finished, monday=week.start.date()),
        [ProjectReportCounts(*tuple(row)[:5]) for row in rows],
    )


@lru_cache
def _prepare_figures(role: Role | None) -> Prepared:
    """The statement of the figures, for anybody of the role in any week."""
    counts = _count_by_project(any_person(role), any_week()).subquery().c
    totals = [func.sum(count).over() for count in list(counts)[1:]]
    return prepare(
        select(Project.id, Project.name, counts.open, counts.late, counts.finished, *totals)
        .join(counts.project_id.table, counts.project_id == Project.id)
        .order_by(counts.late.desc(), counts.open.desc(), func.lower(Project.name), Project.id)
        .limit(SHOWN)
    )


def _count_by_project(person: Actor, week: CompanyWeek) -> Select[Any]:
    """Counts in the order of ReportCounts. Open and finished reports are read apart, each from its
    own index."""
    opened = select(Report.project_id, Report.due_on, literal(True).label("is_open"))
    opened = opened.where(visible_to(person), IS_OPEN)
    finished = select(Report.project_id, Report.due_on, literal(False))
    finished = finished.where(visible_to(person), IS_FINISHED, Report.completed_at >= week.start)
    one = union_all(opened, finished).subquery().c
    counted, due_on = func.count(), one.due_on
    return select(
        one.project_id,
        counted.filter(one.is_open).label("open"),
        counted.filter(one.is_open, due_on.is_not(None)).label("dated"),
        counted.filter(one.is_open, due_on < week.today).label("late"),
        counted.filter(
            one.is_open, due_on >= week.today, due_on < week.today + timedelta(days=7)
        ).label("soon"),
        counted.filter(~one.is_open).label("finished"),
    ).group_by(one.project_id)


def select_waiting(person: Actor) -> Select[UUID]:
    """Select the open reports by due day, after those that were returned: their reviewer waits."""
    is_returned = Report.status == ReportStatus.RETURNED
    return _first_of(
        (is_returned, and_(IS_OPEN, ~is_returned)),
        visible_to(person),
        order=MOST_URGENT,
        limit=SHOWN,
        first=(is_returned.desc(),),
    )


def select_needing_action(person: Actor, week: CompanyWeek) -> Select[UUID]:
    """Select open reports that are late or whose assignee is no longer active."""
    gone = select(Account.id).where(Account.is_active.is_(False))
    return _first_of(
        (is_late(week.today), and_(IS_OPEN, Report.assignee_id.in_(gone))),
        visible_to(person),
        order=MOST_URGENT,
        limit=SHOWN,
    )


def select_longest_untouched(person: Actor, week: CompanyWeek) -> Select[UUID]:
    """Select the open reports that are not late, oldest change first."""
    in_time = or_(Report.due_on.is_(None), Report.due_on >= week.today)
    return _first_of(
        [Report.status == status for status in OPEN_STATUSES],
        visible_to(person),
        in_time,
        order=LONGEST_UNTOUCHED,
        limit=SHORT,
    )


def select_finished(
    person: Actor,
    *,
    since: datetime | None = None,
    result: Outcome | None = None,
    limit: int = SHOWN,
) -> Select[UUID]:
    """Select the reports that were finished last, optionally only those with this result that no
    later revision corrected."""
    matching = [visible_to(person), IS_FINISHED, Report.completed_at.is_not(None)]
    if result is not None:
        matching += [Report.outcome == result, ~is_superseded()]
    if since is not None:
        matching.append(Report.completed_at >= since)
    return select_ids(*matching, order=LAST_FINISHED, limit=limit)


def select_quarantined(person: Actor) -> Select[UUID, int]:
    """Select open reports with the number of their quarantined photos that were neither retaken nor
    explained."""
    return (
        select(Report.id, func.count(PhotoPlacement.id).label("amount"))
        .join(PhotoPlacement, PhotoPlacement.report_id == Report.id)
        .join(Photo, Photo.id == PhotoPlacement.photo_id)
        .join(PhotoReading, PhotoReading.photo_id == Photo.id)
        .where(
            visible_to(person),
            IS_OPEN,
            PhotoReading.verdict == PhotoVerdict.QUARANTINED,
            PhotoPlacement.removed_at.is_(None),
            PhotoPlacement.quarantine_reason == "",
        )
        .group_by(Report.id)
        .order_by(Report.updated_at.desc(), Report.id)
        .limit(SHORT)
    )


def select_failed_documents(person: Actor) -> Select[UUID]:
    """Select reports whose newest PDF failed, so that somebody can retry it."""
    newer = aliased(Document)
    replaced = select(newer.id).where(
        newer.report_id == Document.report_id, newer.created_at > Document.created_at
    )
    return (
        select(Report.id)
        .join(Document, Document.report_id == Report.id)
        .where(visible_to(person), Document.state == WorkState.FAILED, ~replaced.exists())
        .order_by(Document.finished_at.desc(), Report.id)
        .limit(SHORT)
    )


def _first_of(
    either: Sequence[ColumnElement[bool]],
    *matching: ColumnElement[bool],
    order: Keys,
    limit: int,
    first: Keys = (),
) -> Select[UUID]:
    """The first reports for which one of several conditions holds. Each is read in order from its
    own index, so that nobody sorts all open reports of a company. What is found is ordered by
    `first` before `order`."""
    parts = (select_ids(*matching, one, order=order, limit=limit).subquery() for one in either)
    found = union_all(*(select(part.c.id) for part in parts))
    return select_ids(Report.id.in_(found), order=(*first, *order), limit=limit)
