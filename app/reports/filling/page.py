"""The fill page as plain data: every field with its answer and judgements, and the progress.

Read-only, in a fixed number of queries. After a refused save, `RefusedSave` replaces the stored
answer; filling/service.py saves answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.definition.assessment import INFO, Assessment, Progress
from app.definition.fields import kind_of
from app.definition.judging import Judgement
from app.definition.logic.packing import pack
from app.definition.schema import Definition, Field, Language, Text
from app.definition.sentences import Sentence
from app.models import Answer, Report
from app.reports.conflicts import OpenConflict, list_open_conflicts
from app.reports.content import assess_report, signed_hash
from app.reports.facts import PlacedPhoto, ReportFacts, answer_facts
from app.reports.filling.readings import ReadAs, read_otherwise
from app.reports.filling.saving import AnswerInput, StoredAnswer
from app.reports.own_values import OwnValue
from app.reports.reviewing.comments import CommentView, comment_views
from app.reports.signing.service import SigningPlace, signing_places
from app.reports.wording import OwnNote, answer_words, own_note
from app.web.locale import reading_order


@dataclass(frozen=True, slots=True)
class InputContent:
    """The content of a field's inputs: a stored answer, or typed text that was not stored."""

    value: object = None
    comment: str = ""
    na_reason: str = ""
    row_version: int = 0
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefusedSave:
    """A refused save: its field, the typed input, and the reason.

    In a conflict, `newer` is what somebody else saved in the meantime; both answers are also given
    in words. Otherwise `sentence` says what is wrong with the value, and `cell` names the table
    cell in question.
    """

    field: Field
    given: AnswerInput
    newer: StoredAnswer | None = None
    newer_words: str = ""
    mine_words: str = ""
    sentence: Sentence | None = None
    cell: str | None = None

    @property
    def typed(self) -> InputContent:
        """The text as it was sent, in the form that the inputs are rendered from."""
        return InputContent(
            value=_as_typed(self.field, self.given.value),
            comment=self.given.comment or "",
            na_reason=self.given.na_reason or "",
            row_version=self.given.row_version,
        )


@dataclass(frozen=True, slots=True)
class ConflictView:
    """An open conflict at its field, with both values in words. `ordinal` is that of the photo
    whose caption it is about, None if it is about the answer."""

    conflict: OpenConflict
    mine_words: str
    theirs_words: str
    ordinal: int | None = None


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field. `own` is the note about the report's own value; `field.required` says whether it
    is required with the current answers. `fails`: its answer is Not OK by its rule.

    The properties are computed only when the card is rendered: most cards are kept.
    """

    field: Field
    answer: InputContent | None
    photos: Sequence[PlacedPhoto] = ()
    refused: RefusedSave | None = None
    own: OwnNote | None = None
    conflicts: Sequence[ConflictView] = ()
    is_hidden: bool = False
    fails: bool = False

    @property
    def judged(self) -> Mapping[str, Judgement]:
        """The judgement of each stored reading, by cell key or "" for a number."""
        if self._is_unstored and self.field.calculation is None:
            return {}
        return kind_of(self.field).judge(self.field, self._value)

    def read_as(self, languages: tuple[Language, ...]) -> Sequence[ReadAs]:
        """The readings whose number is shown because a person may read the text differently."""
        return () if self._is_unstored else read_otherwise(self.field, self._value, languages)

    @property
    def _is_unstored(self) -> bool:
        return self.refused is not None or self.answer is None or not self.answer.row_version

    @property
    def _value(self) -> object:
        return self.answer.value if self.answer else None


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section, or the info fields (id INFO, no title). A hidden section has no shown field."""

    id: str
    title: Text | None
    fields: Sequence[FieldView]
    done: int
    total: int
    is_open: bool

    @property
    def is_hidden(self) -> bool:
        return bool(self.fields) and all(view.is_hidden for view in self.fields)


@dataclass(frozen=True, slots=True)
class FillPage:
    """`comments` are those of the report's reviews, by field. `logic` is what the phone needs to
    compute the checklist's expressions, None if it has none."""

    report: Report
    definition: Definition
    sections: Sequence[SectionView]
    places: Sequence[SigningPlace]
    progress: Progress
    resume_at: str | None
    comments: Mapping[str, Sequence[CommentView]]
    logic: Mapping[str, Any] | None = None

    @property
    def first_comment(self) -> str | None:
        """The first field with an open comment of a review."""
        return next(
            (
                field.id
                for field in self.definition.all_fields()
                if any(view.comment.is_open for view in self.comments.get(field.id, ()))
            ),
            None,
        )

    @property
    def resumes(self) -> bool:
        """Whether the page opens at a field other than the first."""
        first = next(self.definition.all_fields(), None)
        return self.resume_at is not None and first is not None and self.resume_at != first.id


def fill_page(
    report: Report, facts: ReportFacts, *, at: str | None = None, refused: RefusedSave | None = None
) -> FillPage:
    """Everything that the page shows. One section is expanded: that of the refused field, else of
    the field `at`, else of the first open field."""
    definition = facts.definition
    assessment = assess_report(report, facts)
    tally, resume_at = assessment.progress, assessment.resume_at
    photos: defaultdict[str, list[PlacedPhoto]] = defaultdict(list)
    for placed in facts.photos:
        photos[placed.placement.field_id].append(placed)
    conflicts: defaultdict[str, list[OpenConflict]] = defaultdict(list)
    for conflict in list_open_conflicts(report.id) if facts.marks.is_disputed else ():
        conflicts[conflict.field_id].append(conflict)
    languages = reading_order(definition.languages)
    target = refused.field.id if refused else at or resume_at

    def view(id: str, title: Text | None, fields: Sequence[Field]) -> SectionView:
        done, total = tally.per_section[id]
        return SectionView(
            id=id,
            title=title,
            fields=[
                _with_logic(
                    field_view(
                        field,
                        facts.rows.get(field.id),
                        photos.get(field.id, ()),
                        refused,
                        facts.own.get(field.id),
                        conflict_views(
                            field, conflicts[field.id], photos.get(field.id, ()), languages
                        ),
                    ),
                    assessment,
                    facts,
                )
                for field in fields
            ],
            done=done,
            total=total,
            is_open=any(field.id == target for field in fields),
        )

    sections = [view(one.id, one.title, one.fields) for one in definition.sections]
    if definition.info_fields:
        sections.insert(0, view(INFO, None, definition.info_fields))
    return FillPage(
        report=report,
        definition=definition,
        sections=sections,
        places=signing_places(definition, facts, signed_hash(report, facts)),
        progress=tally,
        resume_at=resume_at,
        comments=comment_views(report.id) if facts.marks.is_commented else {},
        logic=pack(definition) if definition.has_logic else None,
    )


def _with_logic(view: FieldView, assessment: Assessment, facts: ReportFacts) -> FieldView:
    """The field as conditions and calculations make it with the current answers."""
    if not facts.definition.has_logic:
        return view
    assessed = assessment.fields.get(view.field.id)
    if assessed is None:
        return replace(view, is_hidden=True)
    view = replace(view, field=assessed.field, fails=assessed.fails)
    if view.field.calculation is None or view.refused:
        return view
    answer = view.answer or InputContent()
    return replace(view, answer=replace(answer, value=assessed.facts.value))


def field_view(
    field: Field,
    row: Answer | None,
    photos: Sequence[PlacedPhoto] = (),
    refused: RefusedSave | None = None,
    own: OwnValue | None = None,
    conflicts: Sequence[ConflictView] = (),
) -> FieldView:
    note = own_note(own, answer_facts(row) if row else None)
    if refused and refused.field.id == field.id:
        return FieldView(field, refused.typed, photos, refused, conflicts=conflicts)
    if row is None:
        content = InputContent(own.value) if own else None
        return FieldView(field, content, photos, own=note, conflicts=conflicts)
    answer = InputContent(row.value, row.comment, row.na_reason, row.row_version, row.answered_at)
    return FieldView(field, answer, photos, own=note, conflicts=conflicts)


def conflict_views(
    field: Field,
    conflicts: Sequence[OpenConflict],
    photos: Sequence[PlacedPhoto],
    languages: tuple[Language, ...],
) -> Sequence[ConflictView]:
    """The conflicts of a field and of its photos' captions."""
    if not conflicts:
        return ()
    placed = {one.placement.id: (at, one) for at, one in enumerate(photos, start=1)}
    views = []
    for one in conflicts:
        if one.placement_id is None:
            mine, theirs = (answer_words(field, part, languages) for part in (one.mine, one.theirs))
            views.append(ConflictView(one, mine, theirs))
        elif one.placement_id in placed:
            at, photo = placed[one.placement_id]
            views.append(ConflictView(one, one.caption, photo.placement.caption, at))
    return views


def _as_typed(field: Field, value: object) -> object:
    if isinstance(value, Mapping):
        return {key: {"text": text} for key, text in value.items()}
    kind = kind_of(field)
    return kind.as_typed(kind.from_form(value if isinstance(value, list) else [value]))
