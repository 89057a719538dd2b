"""Reading many reports at once: plain lines only.

Single reports are in queries.py, what one report says in reading.py, and what a new one may be
started from in choices.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.definition.outcome import Outcome
from app.extensions import db
from app.models import (
    OPEN_STATUSES,
    Account,
    Actor,
    Checklist,
    Equipment,
    Project,
    Report,
    ReportStatus,
    Version,
)
from app.paging import Page, cut
from app.reports.finding import Order, Wanted, conditions, count_wanted, ordering
from app.reports.queries import visible_to

NEWEST_FIRST = ordering(Wanted())


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One report of the list; `outcome` is None until it is completed."""

    id: UUID
    number: str
    revision: int
    title: str
    status: ReportStatus
    outcome: Outcome | None
    updated_at: datetime
    project: str
    checklist: str
    equipment: str | None
    assignee: str
    assignee_id: UUID
    due_on: date | None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


def list_reports(
    wanted: Wanted, *, person: Actor, page: int = 1, page_size: int
) -> Page[ReportLine]:
    """One page of the visible reports that are looked for, in two queries however many."""
    matching = conditions(wanted, person)
    total = count_wanted(wanted, person)
    at = cut(total, page, page_size)
    if not total:
        return at.holding(())
    lines = list_lines(
        *matching, order=ordering(wanted), is_by_project=wanted.order is Order.PROJECT,
        limit=at.size, offset=at.offset,
    )  # fmt: skip
    return at.holding(lines)


def list_reports_of_project(
    project_id: UUID, *, person: Actor, result: Outcome | None = None, limit: int = 10
) -> tuple[ReportLine, ...]:
    """The newest visible reports of one project, in one query; with a result, of those with it."""
    of_it = [visible_to(person), Report.project_id == project_id]
    if result is not None:
        of_it.append(Report.outcome == result)
    return list_lines(*of_it, limit=limit)


def list_open_reports_of(
    assignee_id: UUID, *, person: Actor, limit: int = 10
) -> tuple[ReportLine, ...]:
    """Of one person's work, the visible reports that still take answers, newest change first."""
    is_theirs = Report.assignee_id == assignee_id
    return list_lines(visible_to(person), Report.status.in_(OPEN_STATUSES), is_theirs, limit=limit)


def list_lines(
    *matching: ColumnElement[bool],
    order: tuple[ColumnElement[Any], ...] = NEWEST_FIRST,
    is_by_project: bool = False,
    limit: int,
    offset: int = 0,
) -> tuple[ReportLine, ...]:
    """The reports that fit all conditions; whoever calls says who may see them (visible_to).

    `is_by_project` where the order has a column of the project.
    """
    # The page is cut from the reports alone, so that an index has it in its order; what stands
    # beside each is joined to its few rows.
    page = select(Report.id).where(*matching)
    if is_by_project:
        page = page.join(Report.project)
    page = page.order_by(*order).limit(limit).offset(offset)
    rows = db.session.execute(
        select(
            Report.id, Report.number, Report.revision, Report.title, Report.status,
            Report.outcome, Report.updated_at, Project.name, Checklist.name, Equipment.tag,
            Account.name, Report.assignee_id, Report.due_on,
        )
        .join(Report.project)
        .join(Report.version)
        .join(Version.checklist)
        .join(Report.assignee)
        .outerjoin(Report.equipment)
        .where(Report.id.in_(page))
        .order_by(*order)
    )  # fmt: skip
    return tuple(ReportLine(*tuple(row)) for row in rows)
