"""The fill page as plain data: every field with what stands in it, judged, and the progress.

Reading only, in a fixed number of queries. What a refused save shows instead of the stored
answer comes in as a `Refused`; saving itself is answering.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.definition.judging import AnswerFacts, judge, judge_cells
from app.definition.progress import INFO, Progress, first_open_field, progress
from app.definition.schema import Definition, Field, FieldType, Language, Text
from app.definition.sentences import Sentence
from app.models import Answer, Report
from app.reports.answering import Given, StoredAnswer
from app.reports.completeness import missing_of
from app.reports.content import content_hash
from app.reports.facts import PlacedPhoto, ReportFacts, answer_facts
from app.reports.known import Own
from app.reports.readings import ReadAs, read_otherwise
from app.reports.signing import SigningPlace, signing_places
from app.reports.wording import OwnNote, own_note


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the inputs: a stored answer, or what somebody typed and is not stored."""

    value: object = None
    comment: str = ""
    na_reason: str = ""
    row_version: int = 0
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A save that was not taken: its field, what was typed, and why.

    `newer` is what somebody else saved in the meantime (a conflict), in words beside what was
    typed; `sentence` says what is wrong with the value, `cell` names the table cell it means.
    """

    field: Field
    given: Given
    newer: StoredAnswer | None = None
    newer_words: str = ""
    mine_words: str = ""
    sentence: Sentence | None = None
    cell: str | None = None

    @property
    def typed(self) -> Typed:
        """The text as it was sent, in the shape that the inputs are drawn from."""
        return Typed(
            value=_as_typed(self.field, self.given.value),
            comment=self.given.comment or "",
            na_reason=self.given.na_reason or "",
            row_version=self.given.row_version,
        )


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field: `judged` maps a cell's key, or None for a number, to its judgement; `read_as` are
    the readings whose number the page says, because the eye may take another from the text.
    `own` is what there is to say of the report's own value for it."""

    field: Field
    answer: Typed | None
    judged: Mapping[str | None, str]
    photos: Sequence[PlacedPhoto]
    refused: Refused | None = None
    read_as: Sequence[ReadAs] = ()
    own: OwnNote | None = None


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section, or the info fields (id INFO, no title)."""

    id: str
    title: Text | None
    fields: Sequence[FieldView]
    done: int
    total: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class FillPage:
    report: Report
    definition: Definition
    sections: Sequence[SectionView]
    places: Sequence[SigningPlace]
    progress: Progress
    resume_at: str | None

    @property
    def resumes(self) -> bool:
        """Whether the page opens further down than at its top."""
        first = next(self.definition.all_fields(), None)
        return self.resume_at is not None and first is not None and self.resume_at != first.id


def fill_page(
    report: Report, facts: ReportFacts, *, at: str | None = None, refused: Refused | None = None
) -> FillPage:
    """Everything that the page shows. One section is unfolded: that of the refused field, of the
    field `at`, or else of the first open one."""
    definition = facts.definition
    missing = missing_of(report, facts)
    tally, resume_at = progress(definition, missing), first_open_field(missing)
    photos: defaultdict[str, list[PlacedPhoto]] = defaultdict(list)
    for placed in facts.photos:
        photos[placed.placement.field_id].append(placed)
    wanted = refused.field.id if refused else at or resume_at
    languages = definition.languages

    def view(id: str, title: Text | None, fields: Sequence[Field]) -> SectionView:
        done, total = tally.per_section[id]
        return SectionView(
            id=id,
            title=title,
            fields=[
                field_view(
                    field,
                    facts.rows.get(field.id),
                    languages,
                    photos[field.id],
                    refused,
                    facts.own.get(field.id),
                )
                for field in fields
            ],
            done=done,
            total=total,
            is_open=any(field.id == wanted for field in fields),
        )

    sections = [view(one.id, one.title, one.fields) for one in definition.sections]
    if definition.info_fields:
        sections.insert(0, view(INFO, None, definition.info_fields))
    return FillPage(
        report=report,
        definition=definition,
        sections=sections,
        places=signing_places(definition, facts, content_hash(report, facts)),
        progress=tally,
        resume_at=resume_at,
    )


def field_view(
    field: Field,
    row: Answer | None,
    languages: tuple[Language, ...],
    photos: Sequence[PlacedPhoto] = (),
    refused: Refused | None = None,
    own: Own | None = None,
) -> FieldView:
    note = own_note(own, answer_facts(row) if row else None)
    if refused and refused.field.id == field.id:
        return FieldView(field, refused.typed, {}, photos, refused)
    if row is None:
        return FieldView(field, Typed(own.value) if own else None, {}, photos, own=note)
    answer = Typed(row.value, row.comment, row.na_reason, row.row_version, row.answered_at)
    read_as = read_otherwise(field, row.value, languages)
    marks = judged(field, answer_facts(row))
    return FieldView(field, answer, marks, photos, read_as=read_as, own=note)


def judged(field: Field, facts: AnswerFacts) -> Mapping[str | None, str]:
    """The judgement of each reading, by cell key or None for a number."""
    if facts.value is None:
        return {}
    if field.type is FieldType.NUMBER:
        return {None: judge(field, facts.value).value}
    if field.type is FieldType.TABLE:
        return {key: found.value for key, found in judge_cells(field, facts.value).items()}
    return {}


def _as_typed(field: Field, value: object) -> object:
    if isinstance(value, Mapping):
        return {key: {"text": text} for key, text in value.items()}
    texts = value if isinstance(value, list) else [value]
    if field.type is FieldType.SELECT_MANY:
        return texts
    last = texts[-1] if texts else None
    return {"text": last} if field.type is FieldType.NUMBER and last else last
