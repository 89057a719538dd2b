"""The exceptions and remarks that follow from the answer and the photos of one field.

missing.py checks for missing items, assessment.py gives the result of a whole report, and pages
choose the words and colours.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.definition.fields import kind_of
from app.definition.judging import AnswerFacts, Judgement, PhotoFacts, PhotoState, has_text
from app.definition.missing import requires_comment
from app.definition.schema import Field, Verdict


class ExceptionKind(StrEnum):
    NOT_OK = "not_ok"
    OUT_OF_LIMITS = "out_of_limits"
    QUARANTINED_PHOTO = "quarantined_photo"
    DAMAGED_PHOTO = "damaged_photo"
    CLOCKS_DISAGREE = "clocks_disagree"
    PLACES_DISAGREE = "places_disagree"
    FAR_FROM_SITE = "far_from_site"


# Doubts about when and where a photo was taken. The answers do not show them: the caller supplies
# them per photo.
DOUBTS = (
    ExceptionKind.CLOCKS_DISAGREE,
    ExceptionKind.PLACES_DISAGREE,
    ExceptionKind.FAR_FROM_SITE,
)


class RemarkKind(StrEnum):
    COMMENT = "comment"
    NOT_APPLICABLE = "not_applicable"
    QUARANTINED_PHOTO = "quarantined_photo"
    DAMAGED_PHOTO = "damaged_photo"


class Outcome(StrEnum):
    PASSED = "passed"
    PASSED_WITH_REMARKS = "passed_with_remarks"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ExceptionItem:
    """One exception. `cell` is the table cell out of limits (`row_id:column_id`), else None.

    `reason` is the technician's reason for a quarantined photo, or else the comment. `photos` are
    the indexes of the photos in doubt, in the assessed list: all photos of a field with the same
    doubt share one exception.
    """

    kind: ExceptionKind
    field_id: str
    cell: str | None = None
    reason: str | None = None
    photos: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NaItem:
    field_id: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class RemarkItem:
    kind: RemarkKind
    field_id: str


@dataclass(frozen=True, slots=True)
class ReportResult:
    """The outcome and its counts.

    `ok` and `not_ok` count verdict fields, and answers that are Not OK by a rule; `na` and
    `answered` count fields of any type (answered includes N.A., `fields` counts all questions);
    `in_limits` and `out_of_limits` count readings, so every cell of a table; `comments` counts
    answers with a comment; `photos` the readable ones.
    """

    outcome: Outcome
    fields: int
    answered: int
    ok: int
    not_ok: int
    na: int
    in_limits: int
    out_of_limits: int
    comments: int
    photos: int
    quarantined: int


# Returns the doubts about a photo, by its index in the list of all photos.
DoubtsOf = Callable[[int], Collection[ExceptionKind]]


def no_doubts(place: int) -> Collection[ExceptionKind]:
    return ()


def exceptions_of_field(
    field: Field,
    facts: AnswerFacts,
    photos: Sequence[tuple[int, PhotoFacts]],
    doubts: DoubtsOf,
    *,
    fails: bool = False,
) -> Iterator[ExceptionItem]:
    """Not OK, readings out of limits, and quarantined, damaged or doubtful photos.

    `photos` are those of the field, each with its index in the list of all photos; `fails` says
    that the answer is Not OK by the field's rule.
    """
    yield from _answer_exceptions(field, facts, fails)
    for _place, photo in photos:
        yield from _photo_exceptions(photo)
    found = [(place, doubts(place)) for place, _photo in photos]
    for kind in DOUBTS:
        if doubtful := tuple(place for place, kinds in found if kind in kinds):
            yield ExceptionItem(kind, field.id, photos=doubtful)


def remarks_of_field(
    field: Field, facts: AnswerFacts, photos: Sequence[PhotoFacts], *, fails: bool = False
) -> Iterator[RemarkItem]:
    """The only rule that turns "Passed" into "Passed with remarks".

    A remark is something a reader should know although nothing failed: a comment that the checklist
    does not require, an N.A. field, a quarantined or damaged photo. A required comment
    (missing.requires_comment) and the text of a text question are answers, never remarks.
    """
    if has_text(facts.comment) and not requires_comment(field, facts, fails=fails):
        yield RemarkItem(RemarkKind.COMMENT, field.id)
    if kind_of(field).is_na(field, facts):
        yield RemarkItem(RemarkKind.NOT_APPLICABLE, field.id)
    for photo in photos:
        if photo.state is PhotoState.QUARANTINED:
            yield RemarkItem(RemarkKind.QUARANTINED_PHOTO, field.id)
        elif _is_damaged(photo):
            yield RemarkItem(RemarkKind.DAMAGED_PHOTO, field.id)


def _photo_exceptions(photo: PhotoFacts) -> list[ExceptionItem]:
    if photo.state is PhotoState.QUARANTINED:
        return [ExceptionItem(ExceptionKind.QUARANTINED_PHOTO, photo.field_id, reason=photo.reason)]
    return [ExceptionItem(ExceptionKind.DAMAGED_PHOTO, photo.field_id)] * _is_damaged(photo)


def _is_damaged(photo: PhotoFacts) -> bool:
    """Whether it is damaged and will be printed; quarantined photos are not printed."""
    return photo.state is PhotoState.GOOD and photo.is_damaged


def _answer_exceptions(field: Field, facts: AnswerFacts, fails: bool) -> list[ExceptionItem]:
    kind = kind_of(field)
    not_ok = [ExceptionItem(ExceptionKind.NOT_OK, field.id, reason=facts.comment)]
    if kind.is_verdict_type:
        return not_ok * (fails or kind.verdict(field, facts) is Verdict.NOT_OK)
    out = [
        ExceptionItem(ExceptionKind.OUT_OF_LIMITS, field.id, cell=key or None, reason=facts.comment)
        for key, judgement in kind.judge(field, facts.value).items()
        if judgement is Judgement.OUT_OF_LIMITS
    ]
    return out or not_ok * fails
