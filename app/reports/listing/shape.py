"""What decides the statements of a list, apart from the values that a reader gives.

Lists of one shape share their statements, which are put together once (app/prepared.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from app.definition.outcome import Outcome
from app.definition.schema import Language
from app.models import Actor, ReportStatus, Role
from app.prepared import bound
from app.reports.listing.filters import (
    Due,
    DueDays,
    Open,
    Order,
    ReportFilter,
    conditions,
    holds_word,
    words_of,
)
from app.reports.listing.near import Circle
from app.reports.queries import any_person
from app.web.locale import reader_language

# The values of a filter, by their names in a statement.
_VALUES: dict[str, Callable[[ReportFilter], Any]] = {
    "checklist_id": lambda one: one.checklist_id,
    "version_id": lambda one: one.version_id,
    "project_id": lambda one: one.project_id,
    "equipment_id": lambda one: one.equipment_id,
    "person_id": lambda one: one.person_id,
    "since": lambda one: one.since,
    "until": lambda one: one.until,
    "started_since": lambda one: one.started_since,
    "started_until": lambda one: one.started_until,
    "completed_since": lambda one: one.completed_since,
    "completed_until": lambda one: one.completed_until,
    "due_first": lambda one: one.due and one.due.first,
    "due_last": lambda one: one.due and one.due.last,
    "near_latitude": lambda one: one.near and one.near.latitude,
    "near_longitude": lambda one: one.near and one.near.longitude,
    "near_radius": lambda one: one.near and one.near.radius_m,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """`words` is the number of words that are searched, `given` are the names of other values."""

    role: Role | None
    language: Language
    order: Order
    is_descending: bool
    status: ReportStatus | Open | None
    result: Outcome | None
    due: Due | None
    words: int
    given: frozenset[str]

    @property
    def person(self) -> Actor:
        return any_person(self.role)

    @property
    def criteria(self) -> ReportFilter:
        """The filter with `bound` values, without the search."""
        value: dict[str, Any] = {
            name: bound(name) if name in self.given else None for name in _VALUES
        }
        first, last = value.pop("due_first"), value.pop("due_last")
        circle = [value.pop(f"near_{part}") for part in ("latitude", "longitude", "radius")]
        return ReportFilter(
            status=self.status,
            result=self.result,
            due=DueDays(self.due, first, last) if self.due else None,
            near=Circle(*circle) if "near_radius" in self.given else None,
            order=self.order,
            is_descending=self.is_descending,
            **value,
        )

    @property
    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        searched = (holds_word(bound(f"word_{number}")) for number in range(self.words))
        return (*conditions(self.criteria, self.person), *searched)


def shape_of(criteria: ReportFilter, person: Actor) -> tuple[Shape, Mapping[str, Any]]:
    """The shape of a person's list, and the values for its statements."""
    values = {name: value_of(criteria) for name, value_of in _VALUES.items()}
    values = {name: value for name, value in values.items() if value is not None}
    words = words_of(criteria.search)
    shape = Shape(
        role=person.role,
        language=reader_language(),
        order=criteria.order,
        is_descending=criteria.is_descending,
        status=criteria.status,
        result=criteria.result,
        due=criteria.due.name if criteria.due else None,
        words=len(words),
        given=frozenset(values),
    )
    values |= {f"word_{number}": word for number, word in enumerate(words)}
    return shape, {**values, "account_id": person.account_id}
