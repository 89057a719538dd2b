"""The filter of a list of reports, as conditions on a statement.

listing/order.py has its order, listing/queries.py reads the lines of a list, listing/export.py
those of an exported file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    func,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from app.definition.outcome import Outcome
from app.extensions import db
from app.models import (
    OPEN_STATUSES,
    Actor,
    Equipment,
    Report,
    ReportStatus,
    Version,
)
from app.reports.listing.near import Circle, has_photo_in
from app.reports.queries import visible_to


class Open(StrEnum):
    """Selects the reports of all open statuses, in the place of one status."""

    OPEN = "open"


LISTED_STATUSES = (
    Open.OPEN,
    ReportStatus.DRAFT,
    ReportStatus.IN_PROGRESS,
    ReportStatus.SUBMITTED,
    ReportStatus.RETURNED,
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
    """Selects open reports by their due day."""

    LATE = "late"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class DueDays:
    """Open reports due from `first` (None: no lower bound) to `last`, both included."""

    name: Due
    first: date | None
    last: date


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """The filter of a list of reports; values that are None or empty have no effect.

    `person_id` is the assignee or the starter. The moments (aware, `until` excluded) bound the
    last change, the start and the completion. `near` is where a photo of the report was taken.
    """

    search: str = ""
    status: ReportStatus | Open | None = None
    result: Outcome | None = None
    checklist_id: UUID | None = None
    version_id: UUID | None = None
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
        return self != ReportFilter(order=self.order, is_descending=self.is_descending)


def conditions(criteria: ReportFilter, person: Actor) -> tuple[ColumnElement[bool], ...]:
    """The conditions on reports: visible to the person, and matching the filter."""
    found = [visible_to(person), *(holds_word(word) for word in words_of(criteria.search))]
    if criteria.status is Open.OPEN:
        found.append(Report.status.in_(OPEN_STATUSES))
    elif criteria.status is not None:
        found.append(Report.status == criteria.status)
    if criteria.result is not None:
        found.append(Report.outcome == criteria.result)
    if criteria.checklist_id is not None:
        versions = select(Version.id).where(Version.checklist_id == criteria.checklist_id)
        found.append(Report.version_id.in_(versions))
    if criteria.version_id is not None:
        found.append(Report.version_id == criteria.version_id)
    if criteria.project_id is not None:
        found.append(Report.project_id == criteria.project_id)
    if criteria.equipment_id is not None:
        found.append(Report.equipment_id == criteria.equipment_id)
    if criteria.person_id is not None:
        found.append(
            or_(Report.assignee_id == criteria.person_id, Report.started_by == criteria.person_id)
        )
    found.extend(_between(Report.updated_at, criteria.since, criteria.until))
    found.extend(_between(Report.started_at, criteria.started_since, criteria.started_until))
    found.extend(_between(Report.completed_at, criteria.completed_since, criteria.completed_until))
    if criteria.due is not None:
        found.extend(_due_in(criteria.due))
    if criteria.near is not None:
        found.append(has_photo_in(criteria.near))
    return tuple(found)


def count_matching(criteria: ReportFilter, person: Actor) -> int:
    """The number of visible reports that match."""
    matching = select(func.count(Report.id)).where(*conditions(criteria, person))
    return db.session.scalar(matching) or 0


def is_late(today: date) -> ColumnElement[bool]:
    """The condition on open reports that should have been submitted before `today`."""
    return and_(Report.status.in_(OPEN_STATUSES), Report.due_on < today)


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


def words_of(search: str) -> list[str]:
    """The words of a search. Every word must occur, in any order.

    A revision typed after the number is dropped: a search finds all revisions.
    """
    return _REVISION.sub("", search.strip()).split()[:MAX_WORDS]


def holds_word(word: str) -> ColumnElement[bool]:
    """The condition on reports: number, title or tag contains it; accents and case are ignored."""
    folded = func.fold_words(word)
    tagged = select(Equipment.id).where(func.strpos(Equipment.search_words, folded) > 0)
    return or_(func.strpos(Report.search_words, folded) > 0, Report.equipment_id.in_(tagged))
