"""What the answers of a report amount to: its exceptions, its N.A. list and its result.

Whether anything is missing is for rules.py; words and colours are for the pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.definition.judging import (
    NOTHING,
    AnswerFacts,
    Judgement,
    PhotoFacts,
    PhotoState,
    demands_comment,
    is_answered,
    is_na,
    judge,
    judge_cells,
    said,
)
from app.definition.schema import Definition, Field, FieldType, Verdict


class ExceptionKind(StrEnum):
    NOT_OK = "not_ok"
    OUT_OF_LIMITS = "out_of_limits"
    QUARANTINED_PHOTO = "quarantined_photo"
    DAMAGED_PHOTO = "damaged_photo"
    CLOCKS_DISAGREE = "clocks_disagree"
    PLACES_DISAGREE = "places_disagree"
    FAR_FROM_SITE = "far_from_site"


# What speaks against when and where a photo was taken. They need more than the answers: whoever
# knows the witnesses says which photos they hold for.
DOUBTS = (
    ExceptionKind.CLOCKS_DISAGREE, ExceptionKind.PLACES_DISAGREE, ExceptionKind.FAR_FROM_SITE,
)  # fmt: skip


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

    `reason` is what the technician said about a quarantined photo, or the comment otherwise.
    `photos` are those in doubt, by their places in the list that was judged: one exception stands
    for all photos of a field that are in the same doubt.
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

    `ok` and `not_ok` count verdict fields; `na` and `answered` fields of any type (answered
    includes N.A., `fields` is what could be answered); `in_limits` and `out_of_limits` count
    readings, so each cell of a table; `comments` answers with a comment; `photos` good ones.
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


def exceptions(
    definition: Definition,
    answers: Mapping[str, AnswerFacts],
    photos: Sequence[PhotoFacts],
    doubts: Sequence[Collection[ExceptionKind]],
) -> list[ExceptionItem]:
    """Not OK, readings out of limits, quarantined, damaged and doubtful photos, in the order of the
    form.

    `doubts` are those about each photo, in the order of `photos`.
    """
    items: list[ExceptionItem] = []
    for field in definition.all_fields():
        own = [index for index, photo in enumerate(photos) if photo.field_id == field.id]
        items += _answer_exceptions(field, answers.get(field.id, NOTHING))
        items += [item for index in own for item in _photo_exceptions(photos[index])]
        for kind in DOUBTS:
            if doubtful := tuple(index for index in own if kind in doubts[index]):
                items.append(ExceptionItem(kind, field.id, photos=doubtful))
    return items


def na_items(definition: Definition, answers: Mapping[str, AnswerFacts]) -> list[NaItem]:
    """The fields set aside as not applicable and why, in the order of the form."""
    return [
        NaItem(field.id, answers[field.id].na_reason)
        for field in definition.all_fields()
        if field.id in answers and is_na(field, answers[field.id])
    ]


def remarks(
    definition: Definition, answers: Mapping[str, AnswerFacts], photos: Iterable[PhotoFacts]
) -> list[RemarkItem]:
    """What makes "Passed" a "Passed with remarks", in the order of the form: the one place.

    A remark is what a reader should know although nothing failed: a comment that the checklist
    does not ask for, a field that is N.A., a photo in quarantine or damaged inside. A comment that
    the checklist demands (judging.demands_comment) and the words of a text question are answers
    and no remarks, whatever they say.
    """
    placed: defaultdict[str, list[PhotoFacts]] = defaultdict(list)
    for photo in photos:
        placed[photo.field_id].append(photo)
    return [
        RemarkItem(kind, field.id)
        for field in definition.all_fields()
        for kind in _remark_kinds(field, answers.get(field.id, NOTHING), placed[field.id])
    ]


def _remark_kinds(
    field: Field, facts: AnswerFacts, photos: Iterable[PhotoFacts]
) -> Iterator[RemarkKind]:
    if said(facts.comment) and not demands_comment(field, facts):
        yield RemarkKind.COMMENT
    if is_na(field, facts):
        yield RemarkKind.NOT_APPLICABLE
    for photo in photos:
        if photo.state is PhotoState.QUARANTINED:
            yield RemarkKind.QUARANTINED_PHOTO
        elif _is_damaged(photo):
            yield RemarkKind.DAMAGED_PHOTO


def result(
    definition: Definition, answers: Mapping[str, AnswerFacts], photos: Iterable[PhotoFacts]
) -> ReportResult:
    """The result that cover and list show.

    Failed when any verdict is Not OK or any reading is out of limits. Otherwise Passed with
    remarks where there are `remarks`, else Passed. Missing answers do not change the outcome, as
    submit refuses them. Doubts about when and where photos were taken do not either: photos that
    wait for a network are received hours late. A report is judged once, at its submit; its outcome
    is stored then and never judged again.
    """
    photos = list(photos)
    fields = [field for field in definition.all_fields() if field.type is not FieldType.NOTE]
    pairs = [(field, answers.get(field.id, NOTHING)) for field in fields]
    readings = [
        judgement for field, facts in pairs for judgement in _judgements(field, facts).values()
    ]
    verdicts = [facts.value for field, facts in pairs if field.type is FieldType.VERDICT]
    counts = {
        "fields": len(fields),
        "answered": sum(is_answered(field, facts) for field, facts in pairs),
        "ok": verdicts.count(Verdict.OK),
        "not_ok": verdicts.count(Verdict.NOT_OK),
        "na": sum(is_na(field, facts) for field, facts in pairs),
        "in_limits": readings.count(Judgement.IN_LIMITS),
        "out_of_limits": readings.count(Judgement.OUT_OF_LIMITS),
        "comments": sum(said(facts.comment) for _, facts in pairs),
        "photos": sum(photo.state is PhotoState.GOOD for photo in photos),
        "quarantined": sum(photo.state is PhotoState.QUARANTINED for photo in photos),
    }
    if counts["not_ok"] or counts["out_of_limits"]:
        return ReportResult(Outcome.FAILED, **counts)
    has_remarks = bool(remarks(definition, answers, photos))
    return ReportResult(Outcome.PASSED_WITH_REMARKS if has_remarks else Outcome.PASSED, **counts)


def _photo_exceptions(photo: PhotoFacts) -> list[ExceptionItem]:
    if photo.state is PhotoState.QUARANTINED:
        return [ExceptionItem(ExceptionKind.QUARANTINED_PHOTO, photo.field_id, reason=photo.reason)]
    return [ExceptionItem(ExceptionKind.DAMAGED_PHOTO, photo.field_id)] * _is_damaged(photo)


def _is_damaged(photo: PhotoFacts) -> bool:
    """Whether it is printed although it is damaged; a quarantined one is not printed."""
    return photo.state is PhotoState.GOOD and photo.is_damaged


def _answer_exceptions(field: Field, facts: AnswerFacts) -> list[ExceptionItem]:
    if field.type is FieldType.VERDICT:
        if facts.value != Verdict.NOT_OK:
            return []
        return [ExceptionItem(ExceptionKind.NOT_OK, field.id, reason=facts.comment)]
    return [
        ExceptionItem(ExceptionKind.OUT_OF_LIMITS, field.id, cell=cell, reason=facts.comment)
        for cell, judgement in _judgements(field, facts).items()
        if judgement is Judgement.OUT_OF_LIMITS
    ]


def _judgements(field: Field, facts: AnswerFacts) -> dict[str | None, Judgement]:
    """The judgement of each reading by cell key; a number has the one key None."""
    if field.type is FieldType.NUMBER:
        return {None: judge(field, facts.value)}
    return dict(judge_cells(field, facts.value).items())
