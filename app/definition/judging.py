"""What one answer says: answered or not, N.A. or not, within limits or not, good or bad.

Facts come in as plain values, so form, submit, PDF and tests judge alike. What a whole
report lacks is in rules.py, what it amounts to in outcome.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.definition.answers import AnswerValue
from app.definition.measured import Measured
from app.definition.schema import CommentPolicy, Field, FieldType, Limits, Verdict


class Judgement(StrEnum):
    IN_LIMITS = "in_limits"
    OUT_OF_LIMITS = "out_of_limits"
    NONE = "none"


class PhotoState(StrEnum):
    READING = "reading"
    FAILED = "failed"
    """The worker gave up reading it; it may be asked to try again."""
    GOOD = "good"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """One answer as stored: the canonical value (see answers.py), comment, N.A. reason."""

    value: AnswerValue = None
    comment: str | None = None
    na_reason: str | None = None


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """One photo in one place. `reason` is the technician's words on why a bad file must do,
    `position_reason` those on why there is no position.

    `is_damaged`: its pixels can be shown, but the decoder heard damage inside the file. `photo`
    is the same for every place of one photo, `position` its place in the field.
    """

    field_id: str
    state: PhotoState = PhotoState.GOOD
    has_position: bool = False
    reason: str | None = None
    is_damaged: bool = False
    position_reason: str | None = None
    photo: str | None = None
    position: int | None = None

    @property
    def is_unread(self) -> bool:
        """Whether it is quarantined and nobody said why it must do."""
        return self.state is PhotoState.QUARANTINED and not said(self.reason)

    @property
    def lacks_position(self) -> bool:
        """Whether the picture can be shown and neither browser nor camera said where it was."""
        return self.state is PhotoState.GOOD and not self.has_position


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """The live signature of a role; not valid once the content signed has changed."""

    role_id: str
    valid: bool = True


NOTHING = AnswerFacts()


def said(words: str | None) -> bool:
    """Whether a comment or a reason holds any words."""
    return bool(words and words.strip())


def is_na(field: Field, facts: AnswerFacts) -> bool:
    """Whether the field is set aside as not applicable; a value outweighs an N.A. reason."""
    if field.type is FieldType.VERDICT:
        return facts.value == Verdict.NA
    return field.type is not FieldType.NOTE and not facts.value and said(facts.na_reason)


def has_value(field: Field, facts: AnswerFacts) -> bool:
    """Whether anything was answered, be it one cell of a table."""
    return field.type is not FieldType.NOTE and bool(facts.value)


def is_answered(field: Field, facts: AnswerFacts) -> bool:
    """Whether the answer is complete: a value (a table: in every cell) or an N.A."""
    if is_na(field, facts):
        return True
    return has_value(field, facts) and not open_cells(field, facts)


def demands_comment(field: Field, facts: AnswerFacts) -> bool:
    """Whether the checklist asks for a comment beside this answer; nothing is asked beside an N.A.

    An optional question left blank needs no comment.
    """
    if is_na(field, facts):
        return False
    if field.comment is CommentPolicy.REQUIRED:
        return field.required or has_value(field, facts)
    when_bad = field.comment is CommentPolicy.REQUIRED_WHEN_NOT_OK
    return when_bad and verdict_of(field, facts) is Verdict.NOT_OK


def open_cells(field: Field, facts: AnswerFacts) -> list[str]:
    """The keys of the table cells without a reading, in order; empty for other types."""
    readings = _readings(facts.value)
    return [key for key, _, _ in field.cells() if key not in readings]


def judge(field: Field, value: AnswerValue) -> Judgement:
    """A number or a whole table against its limits: out when any one reading is out.

    A reading at the limit is within it. Readings without a number such as ">200" are judged
    on the bound they name; ">40" against a maximum of 40 is out, as it can only be above.
    NONE for other types, without limits, or with no reading.
    """
    if field.type is FieldType.NUMBER and isinstance(value, Mapping):
        return _against(field.limits, value)
    found = set(judge_cells(field, value).values())
    for worst_first in (Judgement.OUT_OF_LIMITS, Judgement.IN_LIMITS):
        if worst_first in found:
            return worst_first
    return Judgement.NONE


def judge_cells(field: Field, value: AnswerValue) -> dict[str, Judgement]:
    """The judgement of every cell of a table that has a reading, by cell key, in order."""
    readings = _readings(value) if field.type is FieldType.TABLE else {}
    return {
        key: _against(field.limits, readings[key]) for key, _, _ in field.cells() if key in readings
    }


def verdict_of(field: Field, facts: AnswerFacts) -> Verdict | None:
    """The one colour of an answer, or None where it is neutral or not complete.

    Verdicts say it themselves. Measured values with limits are Not OK as soon as one reading
    is out, OK once every reading is there and in.
    """
    if is_na(field, facts):
        return Verdict.NA
    if field.type is FieldType.VERDICT:
        return Verdict(str(facts.value)) if facts.value else None
    judgement = judge(field, facts.value)
    if judgement is Judgement.OUT_OF_LIMITS:
        return Verdict.NOT_OK
    if judgement is Judgement.IN_LIMITS and is_answered(field, facts):
        return Verdict.OK
    return None


def _readings(value: AnswerValue) -> dict[str, Mapping[str, str]]:
    """The cells of a table's value; empty for values of other shapes."""
    if not isinstance(value, Mapping):
        return {}
    return {key: cell for key, cell in value.items() if isinstance(cell, Mapping)}


def _against(limits: Limits | None, reading: Mapping[str, object]) -> Judgement:
    if limits is None or not limits.bounded:
        return Judgement.NONE
    measured = Measured(text=str(reading["text"]), decimal=str(reading["decimal"]))
    number = measured.number
    surely_above = measured.is_above and limits.max is not None and number >= limits.max
    surely_below = measured.is_below and limits.min is not None and number <= limits.min
    if surely_above or surely_below or not limits.contains(number):
        return Judgement.OUT_OF_LIMITS
    return Judgement.IN_LIMITS
