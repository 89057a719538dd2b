"""Reads a report's rows as the plain facts that app.definition assesses, in a fixed number of
queries.

Read-only. app.definition.assessment evaluates the facts; signing/service.py, which knows the
content hash, decides whether a signature is still valid.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select, true
from sqlalchemy.orm import contains_eager, joinedload

from app.agreement import Conflict, Place, photo_conflicts, places_of
from app.definition.assessment import Assessment, assess
from app.definition.hiding import shown_part
from app.definition.judging import AnswerFacts, PhotoFacts, PhotoState, SignatureFacts
from app.definition.logic.evaluating import Logic, with_calculated
from app.definition.outcome import ExceptionKind
from app.definition.schema import Definition
from app.evidence.verification import UNREADABLE
from app.extensions import db
from app.gazetteer.lookup import Nearest
from app.imaging.notes import Note
from app.models import (
    Answer,
    EditConflict,
    Photo,
    PhotoCheck,
    PhotoComparison,
    PhotoPlacement,
    PhotoReading,
    PhotoVerdict,
    Report,
    ReviewComment,
    Signature,
    Snapshot,
    WorkState,
)
from app.reports.likenesses import Likenesses, counted_likenesses, likenesses_from
from app.reports.own_values import OwnValues, ReportOrigin, own_values
from app.surroundings import NOWHERE, Surroundings, surroundings_from_snapshot, surroundings_of


@dataclass(frozen=True, slots=True)
class PlacedPhoto:
    """A photo at one place in a report.

    `reading` is None until the worker has read the file; `is_given_up` is True if it failed.
    The photo's position is compared with `surroundings`; without them the photo is near nothing.
    `likenesses` is None until the photo was compared with the company's earlier ones.
    """

    placement: PhotoPlacement
    photo: Photo
    reading: PhotoReading | None
    is_given_up: bool = False
    surroundings: Surroundings = NOWHERE
    likenesses: Likenesses | None = None

    @property
    def facts(self) -> PhotoFacts:
        return PhotoFacts(
            field_id=self.placement.field_id,
            state=self.state,
            has_position=has_position(self.photo, self.reading),
            reason=self.placement.quarantine_reason or None,
            position_reason=self.placement.position_reason or None,
            photo=self.photo.sha256,
            position=self.placement.position,
            is_damaged=self.is_damaged,
        )

    @property
    def is_damaged(self) -> bool:
        """Whether the decoder reported damage in a file that can still be shown."""
        return self.reading is not None and Note.DAMAGED in self.reading.notes

    @property
    def state(self) -> PhotoState:
        return state_of(self.reading.verdict if self.reading else None, self.is_given_up)

    @property
    def place(self) -> Place | None:
        """Where the photo was taken, according to its best source; None if not measured."""
        return next(iter(places_of(self.photo, self.reading)), None)

    @property
    def nearest(self) -> Nearest | None:
        return self.surroundings.nearest(self.photo.id, self.place)

    @property
    def site_distance_m(self) -> float | None:
        return self.surroundings.site_distance_m(self.place)

    @property
    def is_far(self) -> bool:
        return self.surroundings.is_far(self.place)

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return photo_conflicts(self.photo, self.reading)

    @property
    def doubts(self) -> frozenset[ExceptionKind]:
        """The kinds of exception that the photo's times and places cause."""
        kinds = {ExceptionKind(conflict.kind.value) for conflict in self.conflicts}
        return frozenset(kinds | ({ExceptionKind.FAR_FROM_SITE} if self.is_far else set()))


@dataclass(frozen=True, slots=True)
class Marks:
    """Whether a report was ever signed, has open conflicts, and was ever commented on.

    Most reports have none of it. Read with the photos, the marks spare a page the query for each.
    """

    is_signed: bool = True
    is_disputed: bool = True
    is_commented: bool = True


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """Everything that was entered into a report.

    `rows` and `answers` are keyed by field id, `signatures` by role id (live ones only);
    `photos` are the placed ones in the order of field and position. `own` are an open report's own
    values: each is the answer to its field as long as the field has no row.
    """

    definition: Definition
    rows: Mapping[str, Answer]
    answers: Mapping[str, AnswerFacts]
    photos: tuple[PlacedPhoto, ...]
    signatures: Mapping[str, Signature]
    surroundings: Surroundings = NOWHERE
    own: OwnValues = field(default_factory=dict)
    marks: Marks = Marks()

    def assess(self, signatures: Iterable[SignatureFacts] = ()) -> Assessment:
        """Assess the report. An exception refers to its photos by index in `photos`. Without
        `signatures` every required signature is missing."""
        photos = [placed.facts for placed in self.photos]
        return assess(self.definition, self.answers, photos, signatures, self._doubts)

    @property
    def hidden(self) -> tuple[str, ...]:
        """The ids of the hidden fields, in the order of the form."""
        if not self.definition.has_logic:
            return ()
        logic = Logic(self.definition, self.answers, is_calculated=True)
        ids = (field.id for field in self.definition.all_fields())
        return tuple(id for id in ids if not logic.is_shown(id))

    def shown(self) -> ReportFacts:
        """The report without hidden fields and all that belongs to them, for what people read."""
        hidden = frozenset(self.hidden)
        if not hidden:
            return self
        return replace(
            self,
            definition=shown_part(self.definition, lambda id: id not in hidden),
            rows={id: row for id, row in self.rows.items() if id not in hidden},
            answers={id: answer for id, answer in self.answers.items() if id not in hidden},
            photos=tuple(one for one in self.photos if one.placement.field_id not in hidden),
            own={id: own for id, own in self.own.items() if id not in hidden},
        )

    def with_answer(self, field_id: str, answer: AnswerFacts) -> ReportFacts:
        """The open report after this answer, with what is calculated from it."""
        answers = with_calculated(self.definition, {**self.answers, field_id: answer})
        return replace(self, answers=answers)

    def _doubts(self, place: int) -> frozenset[ExceptionKind]:
        return self.photos[place].doubts

    def photos_of(self, field_id: str) -> list[PlacedPhoto]:
        return [placed for placed in self.photos if placed.placement.field_id == field_id]

    def signature_facts(self, content_hash: str) -> list[SignatureFacts]:
        """The live signatures; each is valid if it covers the content with this hash."""
        return [
            SignatureFacts(role_id=role_id, valid=signature.content_hash == content_hash)
            for role_id, signature in self.signatures.items()
        ]


def load_facts(
    report: Report, rows: Mapping[str, Answer] | None = None, own: OwnValues | None = None
) -> ReportFacts:
    """Load the facts of a report whose version and project are already loaded.

    Takes at most three queries, four if the report is finished, plus one for each source of its
    own values. Pass `rows` (answers by field id) and `own` if they have been read before.
    """
    if rows is None:
        rows = {row.field_id: row for row in list_answers(report.id)}
    surroundings = read_surroundings(report)
    photos, marks = _list_placed({report.id: surroundings})
    definition = report.version.definition
    if own is None:
        own = current_own_values(report, definition)
    return ReportFacts(
        definition=definition,
        rows=rows,
        answers=current_answers(definition, rows, own, is_open=report.is_open),
        photos=tuple(photos),
        signatures=live_signatures(_signatures(report.id) if marks.is_signed else ()),
        surroundings=surroundings,
        own=own,
        marks=marks,
    )


def read_surroundings(report: Report) -> Surroundings:
    """What the report's photos are compared with: the project as it is now, or as frozen in the
    snapshot of a finished report."""
    today = surroundings_of(report.project)
    if not report.is_finished:
        return today
    body = db.session.scalar(select(Snapshot.body).where(Snapshot.report_id == report.id))
    return today if body is None else frozen_surroundings(lambda: json.loads(body), today)


def frozen_surroundings(read: Callable[[], Mapping[str, Any]], today: Surroundings) -> Surroundings:
    """The surroundings in the snapshot that `read` returns; `today` if the snapshot is unreadable.

    Pages must still load then: the verification reports that the snapshot was changed.
    """
    try:
        return surroundings_from_snapshot(read())
    except (*UNREADABLE, ArithmeticError):
        return today


def current_own_values(report: Report, definition: Definition) -> OwnValues:
    """The report's own values; none if closed, because the submit stored them as answers."""
    return own_values(ReportOrigin(report), definition) if report.is_open else {}


def all_answers(rows: Mapping[str, Answer], own: OwnValues) -> dict[str, AnswerFacts]:
    """The answers by field id: the stored one, or else the report's own value."""
    return {field_id: AnswerFacts(value=one.value) for field_id, one in own.items()} | {
        field_id: answer_facts(row) for field_id, row in rows.items()
    }


def current_answers(
    definition: Definition, rows: Mapping[str, Answer], own: OwnValues, *, is_open: bool
) -> Mapping[str, AnswerFacts]:
    """The answers by field id. Calculated values follow them until the submit stores them."""
    answers = all_answers(rows, own)
    return with_calculated(definition, answers) if is_open else answers


def load_facts_of(
    definitions: Mapping[UUID, Definition],
    surroundings: Mapping[UUID, Surroundings],
    own: Mapping[UUID, OwnValues],
    open_reports: Collection[UUID],
) -> dict[UUID, ReportFacts]:
    """The facts of several reports without their signatures, in two queries.

    The arguments and the result are keyed by report id; `open_reports` are those that are open.
    """
    rows: dict[UUID, dict[str, Answer]] = {report_id: {} for report_id in definitions}
    photos: dict[UUID, list[PlacedPhoto]] = {report_id: [] for report_id in definitions}
    for row in list_answers(*definitions):
        rows[row.report_id][row.field_id] = row
    for placed in _list_placed(surroundings)[0]:
        photos[placed.placement.report_id].append(placed)
    return {
        report_id: ReportFacts(
            definition=definition,
            rows=rows[report_id],
            answers=current_answers(
                definition, rows[report_id], own[report_id], is_open=report_id in open_reports
            ),
            photos=tuple(photos[report_id]),
            signatures={},
            surroundings=surroundings[report_id],
            own=own[report_id],
        )
        for report_id, definition in definitions.items()
    }


def answer_facts(row: Answer | None) -> AnswerFacts:
    """A stored answer as the rules read it; an empty one if nothing is stored."""
    if row is None:
        return AnswerFacts()
    return AnswerFacts(
        value=row.value, comment=row.comment or None, na_reason=row.na_reason or None
    )


def state_of(verdict: PhotoVerdict | None, is_given_up: bool) -> PhotoState:
    """The state of a photo; `verdict` is None until the worker has read the file."""
    if verdict is None:
        return PhotoState.FAILED if is_given_up else PhotoState.READING
    return PhotoState.GOOD if verdict is PhotoVerdict.GOOD else PhotoState.QUARANTINED


def has_position(photo: Photo, reading: PhotoReading | None) -> bool:
    """Whether the browser or the camera recorded where the photo was taken."""
    return photo.latitude is not None or (reading is not None and reading.latitude is not None)


def live_signatures(signatures: Iterable[Signature]) -> dict[str, Signature]:
    """The newest signature of each role, unless it was withdrawn. `signatures` are sorted oldest
    first."""
    newest = {signature.role_id: signature for signature in signatures}
    return {role_id: newest[role_id] for role_id in newest if not newest[role_id].withdrawn}


def list_answers(*report_ids: UUID) -> Iterable[Answer]:
    """The stored answers of these reports, unordered."""
    return db.session.scalars(select(Answer).where(Answer.report_id.in_(report_ids)))


def list_placed_photos(report_id: UUID, surroundings: Surroundings = NOWHERE) -> list[PlacedPhoto]:
    """The photos of a report with their readings, sorted by field, position and time of receipt.

    A photo with several placements is listed once for each. Without `surroundings` the photos do
    not know what they are near.
    """
    return _list_placed({report_id: surroundings})[0]


def _placed() -> Select[*tuple[Any, ...]]:
    # With an offset they are looked up once for a report, otherwise once for a photo.
    marks = (
        select(
            _has(Signature).label("is_signed"),
            _has(EditConflict, EditConflict.settled_at.is_(None)).label("is_disputed"),
            _has(ReviewComment).label("is_commented"),
        )
        .offset(0)
        .lateral()
    )
    is_placed = and_(PhotoPlacement.report_id == Report.id, PhotoPlacement.removed_at.is_(None))
    return (
        select(marks, PhotoPlacement, PhotoCheck.state, counted_likenesses())
        .select_from(Report)
        .join(marks, true())
        .outerjoin(PhotoPlacement, is_placed)
        .outerjoin(PhotoPlacement.photo)
        .outerjoin(PhotoCheck, PhotoCheck.photo_id == Photo.id)
        .outerjoin(PhotoComparison, PhotoComparison.photo_id == Photo.id)
        .options(contains_eager(PhotoPlacement.photo).options(joinedload(Photo.reading)))
        .order_by(
            PhotoPlacement.field_id,
            PhotoPlacement.position,
            Photo.created_at,
            Photo.id,
            PhotoPlacement.id,
        )
    )


def _has(kind: type[Signature | EditConflict | ReviewComment], *more: Any) -> ColumnElement[bool]:
    return select(kind.id).where(kind.report_id == Report.id, *more).correlate(Report).exists()


# Putting it together costs a page more than reading its rows.
_PLACED = _placed()


def _list_placed(
    surroundings: Mapping[UUID, Surroundings],
) -> tuple[list[PlacedPhoto], Marks]:
    """The placed photos of several reports, and the marks of the first report read."""
    rows = db.session.execute(_PLACED.where(Report.id.in_(surroundings))).all()
    photos = [
        PlacedPhoto(
            placement,
            placement.photo,
            placement.photo.reading,
            state is WorkState.FAILED,
            surroundings[placement.report_id],
            likenesses_from(likenesses),
        )
        for *_marks, placement, state, likenesses in rows
        if placement is not None
    ]
    return photos, Marks(*rows[0][:3]) if rows else Marks(False, False, False)


def _signatures(report_id: UUID) -> Iterable[Signature]:
    return db.session.scalars(
        select(Signature)
        .where(Signature.report_id == report_id)
        .order_by(Signature.created_at, Signature.id)
    )
