"""The facts on which a report is assessed, and the check of one reading against its limits.

Facts are plain values, so form, submit, PDF and tests get the same results. fields/ interprets
the answer of each type; assessment.py assesses a whole report.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.definition.answers import AnswerValue
from app.definition.measured import Measured
from app.definition.schema import Limits


class Judgement(StrEnum):
    IN_LIMITS = "in_limits"
    OUT_OF_LIMITS = "out_of_limits"
    NONE = "none"


class PhotoState(StrEnum):
    READING = "reading"
    FAILED = "failed"
    """The worker could not read it; a new attempt can be requested."""
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
    """One placement of a photo.

    `reason` is the technician's reason for keeping an unreadable file, `position_reason` the reason
    for a missing position. `is_damaged`: the photo can be shown, but the decoder reported damage.
    `photo` identifies the photo across its placements; `position` is its index in the field.
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
        """Whether it is quarantined without a reason for keeping it."""
        return self.state is PhotoState.QUARANTINED and not has_text(self.reason)

    @property
    def lacks_position(self) -> bool:
        """Whether the photo can be shown but neither browser nor camera gave its position."""
        return self.state is PhotoState.GOOD and not self.has_position


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """The current signature of a role; invalid once the signed content has changed."""

    role_id: str
    valid: bool = True


NOTHING = AnswerFacts()


def has_text(words: str | None) -> bool:
    """Whether a comment or a reason contains any text."""
    return bool(words and words.strip())


def against(limits: Limits | None, reading: Mapping[str, object]) -> Judgement:
    """Check one reading against its limits; NONE if there are no limits.

    A reading equal to a limit is within it. A reading with a bound, such as ">200", is checked by
    that bound; ">40" against a maximum of 40 is out, because the true value is higher.
    """
    if limits is None or not limits.bounded:
        return Judgement.NONE
    measured = Measured(text=str(reading["text"]), decimal=str(reading["decimal"]))
    number = measured.number
    surely_above = measured.is_above and limits.max is not None and number >= limits.max
    surely_below = measured.is_below and limits.min is not None and number <= limits.min
    if surely_above or surely_below or not limits.contains(number):
        return Judgement.OUT_OF_LIMITS
    return Judgement.IN_LIMITS


def worst(judgements: Collection[Judgement]) -> Judgement:
    """The combined judgement of several readings: out of limits if any of them is."""
    for one in (Judgement.OUT_OF_LIMITS, Judgement.IN_LIMITS):
        if one in judgements:
            return one
    return Judgement.NONE
