"""Which reports a person looks for, in which order, as conditions on a statement.

What a list shows of them is in lists.py, what leaves as a file in export.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.definition.outcome import Outcome
from app.extensions import db
from app.models import (
    FINISHED_STATUSES,
    OPEN_STATUSES,
    Account,
    Actor,
    Checklist,
    Equipment,
    Project,
    Report,
    ReportStatus,
    Role,
    Version,
)
from app.reports.near import Circle, has_photo_in
from app.reports.queries import projects_open_to, visible_to

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
    DUE = "due"


class Due(StrEnum):
    """Open reports by their due day."""

    LATE = "late"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class DueDays:
    """Open reports due from `first` (None: ever) to `last`, both included; `name` says which."""

    name: Due
    first: date | None
    last: date


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; what is None or empty narrows nothing.

    `person_id` is the assignee or whoever started it. The moments (aware, `until` not included)
    bound the last change, the start and the completion. `near` is where a photo of the report was
    taken.
    """

    search: str = ""
    status: ReportStatus | None = None
    result: Outcome | None = None
    checklist_id: UUID | None = None
    project_id: UUID | None = None
    equipment_id: UUID | None = None
    person_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    started_since: datetime | None = None
    started_until: datetime | None = None
    completed_since: datetime | None = None
    completed_until: datetime | None = None
    due: DueDays | None = None
    near: Circle | None = None
    order: Order = Order.CHANGED
    is_descending: bool = True

    @property
    def is_narrowed(self) -> bool:
        return self != Wanted(order=self.order, is_descending=self.is_descending)


Choices = tuple[tuple[UUID, str], ...]


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """What this person may narrow a list by, as (id, words) by name. Equipment is that of the
    chosen project."""

    statuses: tuple[ReportStatus, ...]
    checklists: Choices
    projects: Choices
    equipment: Choices
    people: Choices


def conditions(wanted: Wanted, person: Actor) -> tuple[ColumnElement[bool], ...]:
    """The conditions on reports: what the person may see, and of that what is looked for."""
    found: list[ColumnElement[bool]] = [visible_to(person), *_found_by(wanted.search)]
    if wanted.status is not None:
        found.append(Report.status == wanted.status)
    if wanted.result is not None:
        found.append(Report.outcome == wanted.result)
    if wanted.checklist_id is not None:
        versions = select(Version.id).where(Version.checklist_id == wanted.checklist_id)
        found.append(Report.version_id.in_(versions))
    if wanted.project_id is not None:
        found.append(Report.project_id == wanted.project_id)
    if wanted.equipment_id is not None:
        found.append(Report.equipment_id == wanted.equipment_id)
    if wanted.person_id is not None:
        found.append(
            or_(Report.assignee_id == wanted.person_id, Report.started_by == wanted.person_id)
        )
    found.extend(_between(Report.updated_at, wanted.since, wanted.until))
    found.extend(_between(Report.started_at, wanted.started_since, wanted.started_until))
    found.extend(_between(Report.completed_at, wanted.completed_since, wanted.completed_until))
    if wanted.due is not None:
        found.extend(_due_in(wanted.due))
    if wanted.near is not None:
        found.append(has_photo_in(wanted.near))
    return tuple(found)


def count_wanted(wanted: Wanted, person: Actor) -> int:
    """How many visible reports are looked for."""
    matching = select(func.count(Report.id)).where(*conditions(wanted, person))
    return db.session.scalar(matching) or 0


def ordering(wanted: Wanted) -> tuple[ColumnElement[Any], ...]:
    """The sort keys; the report's id makes each order a total one, so that pages never overlap."""
    keys: dict[Order, tuple[ColumnElement[Any], ...]] = {
        Order.CHANGED: (Report.updated_at.expression,),
        Order.NUMBER: (Report.number.expression, Report.revision.expression),
        Order.TITLE: (func.lower(Report.title),),
        Order.PROJECT: (func.lower(Project.name), Report.updated_at.expression),
        Order.STATUS: (Report.status.expression, Report.updated_at.expression),
        Order.DUE: (open_due_day(),),
    }
    chosen = keys[wanted.order]
    if wanted.is_descending:
        chosen = tuple(key.desc() for key in chosen)
    if wanted.order is Order.DUE:
        chosen = tuple(key.nulls_last() for key in chosen)
    return (*chosen, Report.id.expression)


def open_due_day() -> ColumnElement[date | None]:
    """The due day while it matters: a report that is finished is due no more."""
    return case((Report.status.in_(OPEN_STATUSES), Report.due_on.expression))


def is_late(today: date) -> ColumnElement[bool]:
    """The condition on open reports that should have been submitted before `today`."""
    return and_(Report.status.in_(OPEN_STATUSES), Report.due_on < today)


def list_filter_choices(person: Actor, wanted: Wanted | None = None) -> FilterChoices:
    """Short lists. A viewer is offered what stands in the reports that they may read."""
    return FilterChoices(
        statuses=FINISHED_STATUSES if person.role is Role.VIEWER else LISTED_STATUSES,
        checklists=_checklists(person),
        projects=_projects(person),
        equipment=_equipment(person, wanted) if wanted else (),
        people=() if person.role in (Role.VIEWER, Role.TECHNICIAN) else _people(),
    )


def _checklists(person: Actor) -> Choices:
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


def _projects(person: Actor) -> Choices:
    """Those open to the person, and for a technician those that reports of theirs stand in."""
    found = projects_open_to(person)
    if person.role is Role.TECHNICIAN:
        found = or_(found, Project.id.in_(select(Report.project_id).where(visible_to(person))))
    statement = select(Project.id, Project.name).where(found)
    rows = db.session.execute(statement.order_by(func.lower(Project.name)))
    return tuple((row.id, row.name) for row in rows)


def _equipment(person: Actor, wanted: Wanted) -> Choices:
    """The tags that visible reports of the chosen project hang on, and one chosen by an address."""
    if wanted.project_id is None and wanted.equipment_id is None:
        return ()
    used = select(Report.equipment_id).where(visible_to(person))
    chosen = or_(
        Equipment.project_id == wanted.project_id if wanted.project_id else false(),
        Equipment.id == wanted.equipment_id if wanted.equipment_id else false(),
    )
    statement = select(Equipment.id, Equipment.tag).where(chosen, Equipment.id.in_(used))
    rows = db.session.execute(statement.order_by(Equipment.tag, Equipment.id))
    return tuple((row.id, row.tag) for row in rows)


def _people() -> Choices:
    statement = select(Account.id, Account.name).where(Account.role != Role.VIEWER)
    rows = db.session.execute(statement.order_by(Account.name, Account.id))
    return tuple((row.id, row.name) for row in rows)


def _between(
    moment: InstrumentedAttribute[Any], since: datetime | None, until: datetime | None
) -> list[ColumnElement[bool]]:
    found = []
    if since is not None:
        found.append(moment >= since)
    if until is not None:
        found.append(moment < until)
    return found


def _due_in(days: DueDays) -> list[ColumnElement[bool]]:
    found = [Report.status.in_(OPEN_STATUSES), Report.due_on <= days.last]
    if days.first is not None:
        found.append(Report.due_on >= days.first)
    return found


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
