"""A few reports at a glance: what is open, what was finished last, what a project has.

The list that can be searched and paged is in lists.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from app.extensions import db
from app.models import (
    FINISHED_STATUSES,
    OPEN_STATUSES,
    Account,
    Actor,
    Outcome,
    Project,
    Report,
    ReportStatus,
)
from app.reports.queries import visible_to

SHOWN = 10


@dataclass(frozen=True, slots=True)
class ReportGlance:
    """One report in brief; `moment` is when it was finished, or last changed while open."""

    id: UUID
    number: str
    revision: int
    title: str
    status: ReportStatus
    outcome: Outcome | None
    project: str
    assignee_id: UUID
    assignee: str
    moment: datetime

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


def list_open(person: Actor, *, limit: int = SHOWN) -> list[ReportGlance]:
    """The visible reports that still take answers, newest change first."""
    return _glances(person, Report.status.in_(OPEN_STATUSES), limit)


def list_finished(person: Actor, *, limit: int = SHOWN) -> list[ReportGlance]:
    """The visible reports that were finished last."""
    return _glances(person, Report.status.in_(FINISHED_STATUSES), limit)


def list_of_project(project_id: UUID, person: Actor, *, limit: int = 50) -> list[ReportGlance]:
    """The visible reports of one project, newest first."""
    return _glances(person, Report.project_id == project_id, limit)


def count_open(person: Actor) -> int:
    """How many visible reports still take answers."""
    is_open = Report.status.in_(OPEN_STATUSES)
    return db.session.scalar(select(func.count(Report.id)).where(visible_to(person), is_open)) or 0


def _glances(person: Actor, condition: ColumnElement[bool], limit: int) -> list[ReportGlance]:
    moment: Any = func.coalesce(Report.completed_at, Report.updated_at)
    rows = db.session.execute(
        select(
            Report.id, Report.number, Report.revision, Report.title, Report.status,
            Report.outcome, Project.name, Report.assignee_id, Account.name, moment,
        )
        .join(Report.project)
        .join(Report.assignee)
        .where(visible_to(person), condition)
        .order_by(moment.desc(), Report.id)
        .limit(limit)
    )  # fmt: skip
    return [ReportGlance(*row) for row in rows]
