"""Which reports a person looks for, in which order, as conditions on a statement.

What a list shows of them is in lists.py, what leaves as a file in export.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from app.extensions import db
from app.models import (
    FINISHED_STATUSES,
    Account,
    Actor,
    Checklist,
    Equipment,
    Project,
    ProjectGrant,
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
MAX_WORDS = 8
_REVISION = re.compile(r"(?<=\S)[-\s]+R\d+$", re.IGNORECASE)


class Order(StrEnum):
    """What a list is sorted by."""

    CHANGED = "changed"
    NUMBER = "number"
    TITLE = "title"
    PROJECT = "project"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; what is None or empty narrows nothing.

    `person_id` is the assignee or whoever started it. `since` and `until` (aware, until not
    included) bound the last change.
    """

    search: str = ""
    status: ReportStatus | None = None
    checklist_id: UUID | None = None
    project_id: UUID | None = None
    person_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    order: Order = Order.CHANGED
    is_descending: bool = True

    @property
    def is_narrowed(self) -> bool:
        return self != Wanted(order=self.order, is_descending=self.is_descending)


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """What this person may narrow a list by, as (id, words) by name."""

    statuses: tuple[ReportStatus, ...]
    checklists: tuple[tuple[UUID, str], ...]
    projects: tuple[tuple[UUID, str], ...]
    people: tuple[tuple[UUID, str], ...]


def conditions(wanted: Wanted, person: Actor) -> tuple[ColumnElement[bool], ...]:
    """The conditions on reports: what the person may see, and of that what is looked for."""
    found: list[ColumnElement[bool]] = [visible_to(person), *_found_by(wanted.search)]
    if wanted.status is not None:
        found.append(Report.status == wanted.status)
    if wanted.checklist_id is not None:
        versions = select(Version.id).where(Version.checklist_id == wanted.checklist_id)
        found.append(Report.version_id.in_(versions))
    if wanted.project_id is not None:
        found.append(Report.project_id == wanted.project_id)
    if wanted.person_id is not None:
        found.append(
            or_(Report.assignee_id == wanted.person_id, Report.started_by == wanted.person_id)
        )
    if wanted.since is not None:
        found.append(Report.updated_at >= wanted.since)
    if wanted.until is not None:
        found.append(Report.updated_at < wanted.until)
    return tuple(found)


def ordering(wanted: Wanted) -> tuple[ColumnElement[Any], ...]:
    """The sort keys; the report's id makes each order a total one, so that pages never overlap."""
    keys: dict[Order, tuple[ColumnElement[Any], ...]] = {
        Order.CHANGED: (Report.updated_at.expression,),
        Order.NUMBER: (Report.number.expression, Report.revision.expression),
        Order.TITLE: (func.lower(Report.title),),
        Order.PROJECT: (func.lower(Project.name), Report.updated_at.expression),
        Order.STATUS: (Report.status.expression, Report.updated_at.expression),
    }
    chosen = keys[wanted.order]
    if wanted.is_descending:
        chosen = tuple(key.desc() for key in chosen)
    return (*chosen, Report.id.expression)


def list_filter_choices(person: Actor) -> FilterChoices:
    """Three short lists. A viewer is offered what stands in the reports that they may read."""
    return FilterChoices(
        statuses=FINISHED_STATUSES if person.role is Role.VIEWER else LISTED_STATUSES,
        checklists=_checklists(person),
        projects=_projects(person),
        people=() if person.role in (Role.VIEWER, Role.TECHNICIAN) else _people(),
    )


def _checklists(person: Actor) -> tuple[tuple[UUID, str], ...]:
    statement = select(Checklist.id, Checklist.name, Checklist.code)
    if person.role is Role.VIEWER:
        seen = (
            select(Version.checklist_id)
            .join(Report, Report.version_id == Version.id)
            .where(visible_to(person))
        )
        statement = statement.where(Checklist.id.in_(seen))
    rows = db.session.execute(statement.order_by(Checklist.name, Checklist.code))
    return tuple((row.id, f"{row.name} ({row.code})") for row in rows)


def _projects(person: Actor) -> tuple[tuple[UUID, str], ...]:
    statement = select(Project.id, Project.name)
    if person.role is Role.VIEWER:
        granted = select(ProjectGrant.project_id).where(
            ProjectGrant.account_id == person.account_id
        )
        statement = statement.where(Project.id.in_(granted))
    rows = db.session.execute(statement.order_by(func.lower(Project.name)))
    return tuple((row.id, row.name) for row in rows)


def _people() -> tuple[tuple[UUID, str], ...]:
    statement = select(Account.id, Account.name).where(Account.role != Role.VIEWER)
    rows = db.session.execute(statement.order_by(Account.name, Account.id))
    return tuple((row.id, row.name) for row in rows)


def _found_by(search: str) -> list[ColumnElement[bool]]:
    """Every word stands in number, title or tag, in any order, without accents and capitals.

    A revision typed after the number is left out: a search finds all revisions.
    """
    words = _REVISION.sub("", search.strip()).split()[:MAX_WORDS]
    return [_holds(word) for word in words]


def _holds(word: str) -> ColumnElement[bool]:
    folded = func.fold_words(word)
    tagged = select(Equipment.id).where(func.strpos(Equipment.search_words, folded) > 0)
    return or_(func.strpos(Report.search_words, folded) > 0, Report.equipment_id.in_(tagged))
