"""What waits for a person, what is late and what was finished. Single reports are in app.reports.

Each list is cut short and each function is one or two statements, however many reports there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from app.definition.outcome import Outcome
from app.extensions import db
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
    WorkState,
)
from app.reports.finding import is_late
from app.reports.lists import ReportLine, list_lines
from app.reports.queries import visible_to

SHOWN = 10
SHORT = 5

IS_OPEN = Report.status.in_(OPEN_STATUSES)
IS_FINISHED = Report.status.in_(FINISHED_STATUSES)
# What is due first stands first, late ones on top of all; then what waits longest.
MOST_URGENT = (Report.due_on.asc().nulls_last(), Report.updated_at.asc(), Report.id.expression)
LONGEST_UNTOUCHED = (Report.updated_at.asc(), Report.id.expression)
LAST_FINISHED = (Report.completed_at.desc(), Report.id.expression)


@dataclass(frozen=True, slots=True)
class Clock:
    """The day by the company's clock, and when its week began (aware)."""

    today: date
    week: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the visible reports: open ones, those with a due day, late ones, due within a week,
    finished since `monday`."""

    open: int
    dated: int
    late: int
    soon: int
    finished: int
    monday: date


@dataclass(frozen=True, slots=True)
class Trouble:
    """A report in which something went wrong; `count` photos, or one PDF."""

    report_id: UUID
    number: str
    revision: int
    title: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class ProjectFigures:
    """What is open, late and finished this week on one project."""

    id: UUID
    name: str
    open: int
    late: int
    finished: int


def count_figures(person: Actor, clock: Clock) -> Figures:
    soon = and_(
        IS_OPEN, Report.due_on >= clock.today, Report.due_on < clock.today + timedelta(days=7)
    )
    finished = and_(IS_FINISHED, Report.completed_at >= clock.week)
    counted = func.count(Report.id)
    row = db.session.execute(
        select(
            counted.filter(IS_OPEN),
            counted.filter(IS_OPEN, Report.due_on.is_not(None)),
            counted.filter(is_late(clock.today)),
            counted.filter(soon),
            counted.filter(finished),
        ).where(visible_to(person), or_(IS_OPEN, finished))
    ).one()
    return Figures(*row, monday=clock.week.date())


def list_waiting(person: Actor) -> tuple[ReportLine, ...]:
    """The open reports, what is due first on top."""
    return list_lines(visible_to(person), IS_OPEN, order=MOST_URGENT, limit=SHOWN)


def list_needing_somebody(person: Actor, clock: Clock) -> tuple[ReportLine, ...]:
    """Open reports that are late, or whose assignee has left."""
    gone = select(Account.id).where(Account.is_active.is_(False))
    needs = or_(is_late(clock.today), and_(IS_OPEN, Report.assignee_id.in_(gone)))
    return list_lines(visible_to(person), needs, order=MOST_URGENT, limit=SHOWN)


def list_longest_untouched(person: Actor, clock: Clock) -> tuple[ReportLine, ...]:
    """The open reports that are not late and on which nothing happened for the longest time."""
    in_time = or_(Report.due_on.is_(None), Report.due_on >= clock.today)
    return list_lines(visible_to(person), IS_OPEN, in_time, order=LONGEST_UNTOUCHED, limit=SHORT)


def list_finished(
    person: Actor,
    *,
    since: datetime | None = None,
    result: Outcome | None = None,
    limit: int = SHOWN,
) -> tuple[ReportLine, ...]:
    """What was finished last; with a result, of what has it."""
    matching = [visible_to(person), IS_FINISHED]
    if result is not None:
        matching.append(Report.outcome == result)
    if since is not None:
        matching.append(Report.completed_at >= since)
    return list_lines(*matching, order=LAST_FINISHED, limit=limit)


def list_quarantined(person: Actor) -> list[Trouble]:
    """Open reports with photos that cannot be read and were neither taken again nor explained."""
    count = func.count(PhotoPlacement.id)
    rows = db.session.execute(
        select(Report.id, Report.number, Report.revision, Report.title, count)
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
    return [Trouble(*row) for row in rows]


def list_failed_documents(person: Actor) -> list[Trouble]:
    """Reports whose newest PDF failed, so that somebody tries again."""
    newer = aliased(Document)
    replaced = select(newer.id).where(
        newer.report_id == Document.report_id, newer.created_at > Document.created_at
    )
    rows = db.session.execute(
        select(Report.id, Report.number, Report.revision, Report.title)
        .join(Document, Document.report_id == Report.id)
        .where(visible_to(person), Document.state == WorkState.FAILED, ~replaced.exists())
        .order_by(Document.finished_at.desc(), Report.id)
        .limit(SHORT)
    )
    return [Trouble(*row) for row in rows]


def list_by_project(person: Actor, clock: Clock) -> list[ProjectFigures]:
    """The projects on which something is open or was finished this week, the latest first."""
    finished = and_(IS_FINISHED, Report.completed_at >= clock.week)
    counted = func.count(Report.id)
    is_open, late = counted.filter(IS_OPEN), counted.filter(is_late(clock.today))
    rows = db.session.execute(
        select(Project.id, Project.name, is_open, late, counted.filter(finished))
        .join(Report, Report.project_id == Project.id)
        .where(visible_to(person), or_(IS_OPEN, finished))
        .group_by(Project.id)
        .order_by(late.desc(), is_open.desc(), func.lower(Project.name), Project.id)
        .limit(SHOWN)
    )
    return [ProjectFigures(*row) for row in rows]
