"""What of a completed report the next revision takes over, on the same or a newer version.

Plain data from definitions and rows; service.py writes the rows of the new revision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.definition.answers import AnswerValue, InvalidAnswer
from app.definition.fields import kind_of
from app.definition.schema import Definition, Field, PhotoMode, Prefill
from app.models import Answer
from app.reports.facts import PlacedPhoto, ReportFacts


class Fate(StrEnum):
    """What becomes of a question that was answered or has photos."""

    CARRIED = "carried"
    CHANGED = "changed"
    DROPPED = "dropped"


class Part(StrEnum):
    """What differs between the two versions of a question."""

    WORDING = "wording"
    TYPE = "type"
    UNIT = "unit"
    LIMITS = "limits"
    OPTIONS = "options"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class CarriedField:
    """A question of the older version with its answer and photos, and what is taken over.

    `new` is the question of the newer version, None if it has none with this id. `value` is the
    value that is taken over. `differs` names what is different about the question. `keeps_value`
    and `keeps_photos` are False if there was a value or a photo that has no place any more.
    """

    old: Field
    new: Field | None
    row: Answer | None
    photos: Sequence[PlacedPhoto]
    value: AnswerValue
    differs: tuple[Part, ...]
    keeps_value: bool
    keeps_photos: bool

    @property
    def fate(self) -> Fate:
        if self.new is None or not (self.keeps_value and self.keeps_photos):
            return Fate.DROPPED
        return Fate.CHANGED if self.differs else Fate.CARRIED

    @property
    def keeps_row(self) -> bool:
        """Whether the answer gets a row: a comment stays even if the value cannot."""
        if self.row is None or self.new is None or not self.new.is_question:
            return False
        return self.keeps_value or bool(self.row.comment or self.row.na_reason)


def plan_carrying(facts: ReportFacts, newer: Definition) -> list[CarriedField]:
    """The answered questions of a completed report, in the order of its form.

    The report's own number is left out: each revision has its own.
    """
    return list(_plan(facts, newer))


def _plan(facts: ReportFacts, newer: Definition) -> Iterator[CarriedField]:
    fields: Mapping[str, Field] = {field.id: field for field in newer.all_fields()}
    for old in facts.definition.all_fields():
        row, photos = facts.rows.get(old.id), facts.photos_of(old.id)
        if row is not None and _is_own_number(old, row):
            row = None
        if row is None and not photos:
            continue
        yield _plan_field(old, fields.get(old.id), row, photos)


def _is_own_number(field: Field, row: Answer) -> bool:
    return row.answered_by is None and field.prefill is Prefill.REPORT_NUMBER


def _plan_field(
    old: Field, new: Field | None, row: Answer | None, photos: Sequence[PlacedPhoto]
) -> CarriedField:
    was = row.value if row else None
    value = was if new == old else _value_in(new, old, was)
    return CarriedField(
        old=old,
        new=new,
        row=row,
        photos=photos,
        value=value,
        differs=tuple(_differing_parts(old, new)) if new else (),
        keeps_value=was is None or value is not None,
        keeps_photos=not photos or (new is not None and _takes_photos(new)),
    )


def _value_in(new: Field | None, old: Field, value: AnswerValue) -> AnswerValue:
    """The value as an answer to the newer question, None if it is none.

    A number in another unit is another measurement, even if its text can be read. Of other types,
    only typed text is read again: an option's id means nothing to another type.
    """
    if new is None or not new.is_question or new.unit != old.unit:
        return None
    if new.type is not old.type and not old.type.takes.words:
        return None
    try:
        read = kind_of(new).parse(new, value)
    except InvalidAnswer:
        return None
    # Text that was read once is not read anew: an older release may have read it differently.
    return value if new.type is old.type else read


def _takes_photos(field: Field) -> bool:
    return field.photos.mode is not PhotoMode.NONE and bool(field.photos.max)


def _differing_parts(old: Field, new: Field) -> Iterator[Part]:
    if new.label != old.label:
        yield Part.WORDING
    if new.type is not old.type:
        yield Part.TYPE
    if new.unit != old.unit:
        yield Part.UNIT
    if _bounds(new) != _bounds(old):
        yield Part.LIMITS
    if new.options != old.options:
        yield Part.OPTIONS
    if (new.rows, new.columns) != (old.rows, old.columns):
        yield Part.TABLE


def _bounds(field: Field) -> tuple[object, object]:
    return (field.limits.min, field.limits.max) if field.limits else (None, None)
