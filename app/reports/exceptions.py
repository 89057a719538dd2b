"""The exceptions of a report with their fields, for the report's page and the review page.

app.definition.outcome decides what counts as an exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.agreement import Conflict
from app.definition.assessment import Assessment
from app.definition.fields import readings
from app.definition.fields.kind import ONLY
from app.definition.judging import NOTHING
from app.definition.outcome import ExceptionItem, ExceptionKind
from app.definition.schema import Definition, Field, Text
from app.reports.facts import PlacedPhoto, ReportFacts

FAILURES = (ExceptionKind.NOT_OK, ExceptionKind.OUT_OF_LIMITS)


@dataclass(frozen=True, slots=True)
class FieldException:
    """An exception and its field. `reading` is the stored value that is out of limits; `photos`
    are the ones that the exception is about."""

    item: ExceptionItem
    field: Field
    reading: Mapping[str, str] | None = None
    cell: tuple[Text, Text] | None = None
    photos: tuple[PlacedPhoto, ...] = ()

    @property
    def conflict(self) -> Conflict | None:
        """The first conflict of the photos that is of this exception's kind."""
        kinds = (conflict for photo in self.photos for conflict in photo.conflicts)
        return next((one for one in kinds if one.kind.value == self.item.kind.value), None)

    @property
    def farthest_m(self) -> float:
        """The distance in metres between the site and the photo farthest from it."""
        return max(photo.site_distance_m or 0.0 for photo in self.photos)


def read_exceptions(facts: ReportFacts, assessment: Assessment) -> tuple[FieldException, ...]:
    """All exceptions of a report: first what failed, then doubts about photos, each in the order of
    the form."""
    items = sorted(assessment.exceptions, key=lambda item: item.kind not in FAILURES)
    return tuple(_read_exception(item, facts) for item in items)


def judged_field(definition: Definition, field_id: str) -> Field:
    """The field that a rule refers to."""
    field = definition.field(field_id)
    assert field is not None, "rules refer to fields of this definition only"
    return field


def _read_exception(item: ExceptionItem, facts: ReportFacts) -> FieldException:
    field = judged_field(facts.definition, item.field_id)
    value = facts.answers.get(field.id, NOTHING).value
    if item.kind is not ExceptionKind.OUT_OF_LIMITS or not isinstance(value, dict):
        return FieldException(item, field, photos=tuple(facts.photos[at] for at in item.photos))
    reading = dict(readings(field, value)).get(item.cell or ONLY)
    return FieldException(item, field, reading, _cell_words(field, item.cell))


def _cell_words(field: Field, cell: str | None) -> tuple[Text, Text] | None:
    return next(
        ((row.label, column.label) for key, row, column in field.cells() if key == cell), None
    )
