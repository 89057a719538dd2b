"""Reading many reports at once, and what a new one may be started from: plain lines only.

Single reports are in queries.py, and what one report says in reading.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true

from app.definition.outcome import Outcome
from app.extensions import db
from app.models import (
    FINISHED_STATUSES,
    OPEN_STATUSES,
    Account,
    Actor,
    Checklist,
    ChecklistStatus,
    Equipment,
    Project,
    Report,
    ReportStatus,
    Role,
    Version,
)
from app.reports.queries import visible_to

LISTED_STATUSES = (
    ReportStatus.DRAFT,
    ReportStatus.IN_PROGRESS,
    ReportStatus.COMPLETED,
    ReportStatus.ARCHIVED,
)
_REVISION = re.compile(r"[-\s]*\bR\d+$", re.IGNORECASE)


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

    @property
    def is_open(self) -> bool:
        return self.status in (ReportStatus.DRAFT, ReportStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class ReportPage:
    """One page of the list; `page` counts from 1 and `total` all reports that match."""

    lines: tuple[ReportLine, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class StartChoices:
    """What a person may start a report from, as (id, words) by name."""

    checklists: tuple[tuple[UUID, str], ...]
    projects: tuple[tuple[UUID, str], ...]
    people: tuple[tuple[UUID, str], ...]


def list_reports(
    *,
    person: Actor,
    status: ReportStatus | None = None,
    search: str = "",
    page: int = 1,
    page_size: int,
) -> ReportPage:
    """The visible reports, newest change first, in two queries however many there are."""
    matching = (visible_to(person), _of_status(status), _found_by(search))
    total = db.session.scalar(
        select(func.count(Report.id)).outerjoin(Report.equipment).where(*matching)
    )
    pages = max(1, -(-(total or 0) // page_size))
    page = min(max(page, 1), pages)
    lines = _lines(*matching, limit=page_size, offset=(page - 1) * page_size)
    return ReportPage(lines, page, pages, total or 0)


def list_reports_of_project(
    project_id: UUID, *, person: Actor, limit: int = 10
) -> tuple[ReportLine, ...]:
    """The newest visible reports of one project, in one query."""
    return _lines(visible_to(person), Report.project_id == project_id, limit=limit)


def list_open_reports(person: Actor, *, limit: int = 10) -> tuple[ReportLine, ...]:
    """The visible reports that still take answers, newest change first."""
    return _lines(visible_to(person), Report.status.in_(OPEN_STATUSES), limit=limit)


def list_finished_reports(person: Actor, *, limit: int = 10) -> tuple[ReportLine, ...]:
    """The visible reports that were finished last."""
    return _lines(visible_to(person), Report.status.in_(FINISHED_STATUSES), limit=limit)


def count_open_reports(person: Actor) -> int:
    """How many visible reports still take answers."""
    is_open = Report.status.in_(OPEN_STATUSES)
    return db.session.scalar(select(func.count(Report.id)).where(visible_to(person), is_open)) or 0


def list_statuses(person: Actor) -> tuple[ReportStatus, ...]:
    """The statuses that this person may look for."""
    return FINISHED_STATUSES if person.role is Role.VIEWER else LISTED_STATUSES


def list_start_choices(person: Actor) -> StartChoices:
    """Published checklists, open projects, and who may be the assignee."""
    checklists = db.session.execute(
        select(Checklist.id, Checklist.name, Checklist.code)
        .where(Checklist.status == ChecklistStatus.PUBLISHED)
        .order_by(Checklist.name, Checklist.code)
    )
    projects = db.session.execute(
        select(Project.id, Project.name).where(Project.archived_at.is_(None)).order_by(Project.name)
    )
    return StartChoices(
        checklists=tuple((row.id, f"{row.name} ({row.code})") for row in checklists),
        projects=tuple((row.id, row.name) for row in projects),
        people=_assignable_by(person),
    )


def list_equipment_tags(project_id: UUID) -> list[str]:
    """The tags of a project's assets, to suggest while one is typed."""
    return list(
        db.session.scalars(
            select(Equipment.tag).where(Equipment.project_id == project_id).order_by(Equipment.tag)
        )
    )


def _lines(*matching: ColumnElement[bool], limit: int, offset: int = 0) -> tuple[ReportLine, ...]:
    rows = db.session.execute(
        select(
            Report.id, Report.number, Report.revision, Report.title, Report.status,
            Report.outcome, Report.updated_at, Project.name, Checklist.name, Equipment.tag,
            Account.name, Report.assignee_id,
        )
        .join(Report.project)
        .join(Report.version)
        .join(Version.checklist)
        .join(Report.assignee)
        .outerjoin(Report.equipment)
        .where(*matching)
        .order_by(Report.updated_at.desc(), Report.id)
        .limit(limit)
        .offset(offset)
    )  # fmt: skip
    return tuple(ReportLine(*tuple(row)) for row in rows)


def _assignable_by(person: Actor) -> tuple[tuple[UUID, str], ...]:
    statement = select(Account.id, Account.name).where(
        Account.is_active, Account.role.in_((Role.ADMIN, Role.MANAGER, Role.TECHNICIAN))
    )
    if person.role is Role.TECHNICIAN:
        statement = statement.where(Account.id == person.account_id)
    rows = db.session.execute(statement.order_by(Account.name))
    return tuple((row.id, row.name) for row in rows)


def _of_status(status: ReportStatus | None) -> ColumnElement[bool]:
    return true() if status is None else Report.status == status


def _found_by(search: str) -> ColumnElement[bool]:
    """Words in number, title or equipment tag; a revision typed after the number is left out."""
    words = search.strip()
    if not words:
        return true()
    number = _REVISION.sub("", words) or words
    return or_(
        Report.number.icontains(number, autoescape=True),
        Report.title.icontains(words, autoescape=True),
        Equipment.tag.icontains(words, autoescape=True),
    )
