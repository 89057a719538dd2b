"""A report's rows as the plain facts that app.definition judges, in a fixed number of queries.

Reading only: what the facts amount to is for app.definition.rules, and whether a signature is
still valid for signing, which knows the hash of the content.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import contains_eager, joinedload

from app.definition.judging import AnswerFacts, PhotoFacts, PhotoState, SignatureFacts
from app.definition.outcome import ExceptionItem, ExceptionKind, exceptions
from app.definition.schema import Definition
from app.evidence.verification import UNREADABLE
from app.extensions import db
from app.gazetteer.lookup import Nearest
from app.imaging.notes import Note
from app.models import (
    Answer,
    Photo,
    PhotoCheck,
    PhotoPlacement,
    PhotoReading,
    PhotoVerdict,
    Report,
    Signature,
    Snapshot,
    WorkState,
)
from app.reports.known import OwnValues, own_values
from app.surroundings import NOWHERE, Surroundings, surroundings_of, thawed
from app.witnesses import Conflict, Place, photo_conflicts, places_of


@dataclass(frozen=True, slots=True)
class PlacedPhoto:
    """A photo where it stands.

    `reading` is None until the worker has looked at the bytes; `is_given_up` once it failed to.
    `surroundings` are what its position is compared with: without them it is near nothing.
    """

    placement: PhotoPlacement
    photo: Photo
    reading: PhotoReading | None
    is_given_up: bool = False
    surroundings: Surroundings = NOWHERE

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
        """Whether the decoder heard damage inside the file of a picture that can be shown."""
        return self.reading is not None and Note.DAMAGED in self.reading.notes

    @property
    def state(self) -> PhotoState:
        if self.reading is None:
            return PhotoState.FAILED if self.is_given_up else PhotoState.READING
        is_good = self.reading.verdict is PhotoVerdict.GOOD
        return PhotoState.GOOD if is_good else PhotoState.QUARANTINED

    @property
    def place(self) -> Place | None:
        """Where it was taken, by its best witness; None where nobody measured that."""
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
        """The exceptions that its witnesses make it."""
        kinds = {ExceptionKind(conflict.kind.value) for conflict in self.conflicts}
        return frozenset(kinds | ({ExceptionKind.FAR_FROM_SITE} if self.is_far else set()))


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """Everything that was entered into a report.

    `rows` and `answers` are keyed by field id, `signatures` by role id (live ones only);
    `photos` are the placed ones in the order of field and position. `own` is what an open report
    knows by itself: the answer of a field that has no row.
    """

    definition: Definition
    rows: Mapping[str, Answer]
    answers: Mapping[str, AnswerFacts]
    photos: tuple[PlacedPhoto, ...]
    signatures: Mapping[str, Signature]
    surroundings: Surroundings = NOWHERE
    own: OwnValues = field(default_factory=dict)

    def exceptions(self) -> list[ExceptionItem]:
        """All exceptions of the report. Nobody else asks the rule, so that every page, the check
        before the submit and the PDF count the same; the photos of each are places in `photos`."""
        doubts = [placed.doubts for placed in self.photos]
        return exceptions(self.definition, self.answers, self.photo_facts, doubts)

    @property
    def photo_facts(self) -> list[PhotoFacts]:
        return [placed.facts for placed in self.photos]

    def photos_of(self, field_id: str) -> list[PlacedPhoto]:
        return [placed for placed in self.photos if placed.placement.field_id == field_id]

    def signature_facts(self, content_hash: str) -> list[SignatureFacts]:
        """The live signatures, valid where they were given over the content with this hash."""
        return [
            SignatureFacts(role_id=role_id, valid=signature.content_hash == content_hash)
            for role_id, signature in self.signatures.items()
        ]


def load_facts(
    report: Report, rows: Mapping[str, Answer] | None = None, own: OwnValues | None = None
) -> ReportFacts:
    """The facts of a report in three queries at most, four of a finished one, and one for each
    thing that it is to fill in by itself (its version and its project must be loaded already).

    `rows` are its answers by field id and `own` what it knows, where they were read before.
    """
    if rows is None:
        rows = {row.field_id: row for row in list_answers(report.id)}
    surroundings = read_surroundings(report)
    photos, is_signed = _list_placed({report.id: surroundings})
    definition = report.version.definition
    if own is None:
        own = own_of(report, definition)
    return ReportFacts(
        definition=definition,
        rows=rows,
        answers=all_answers(rows, own),
        photos=tuple(photos),
        signatures=live_signatures(_signatures(report.id) if is_signed else ()),
        surroundings=surroundings,
        own=own,
    )


def read_surroundings(report: Report) -> Surroundings:
    """What the report's photos are compared with: the project as it is, or as it was frozen."""
    today = surroundings_of(report.project)
    if not report.is_finished:
        return today
    body = db.session.scalar(select(Snapshot.body).where(Snapshot.report_id == report.id))
    return today if body is None else frozen_surroundings(lambda: json.loads(body), today)


def frozen_surroundings(read: Callable[[], Mapping[str, Any]], today: Surroundings) -> Surroundings:
    """Those of the snapshot that `read` returns; today's where it cannot be read: the verification
    tells of a snapshot that was changed, and what shows its report goes on."""
    try:
        return thawed(read())
    except (*UNREADABLE, ArithmeticError):
        return today


def own_of(report: Report, definition: Definition) -> OwnValues:
    """What the report knows by itself; nothing once it is closed, as all is written down then."""
    return own_values(report, definition) if report.is_open else {}


def all_answers(rows: Mapping[str, Answer], own: OwnValues) -> dict[str, AnswerFacts]:
    """By field id, what is stored, and the report's own value where nothing is."""
    return {field_id: AnswerFacts(value=one.value) for field_id, one in own.items()} | {
        field_id: answer_facts(row) for field_id, row in rows.items()
    }


def load_facts_of(
    definitions: Mapping[UUID, Definition],
    surroundings: Mapping[UUID, Surroundings],
    own: Mapping[UUID, OwnValues],
) -> dict[UUID, ReportFacts]:
    """The facts of several reports, by report id as all that is given, in two queries; without
    their signatures."""
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
            answers=all_answers(rows[report_id], own[report_id]),
            photos=tuple(photos[report_id]),
            signatures={},
            surroundings=surroundings[report_id],
            own=own[report_id],
        )
        for report_id, definition in definitions.items()
    }


def answer_facts(row: Answer | None) -> AnswerFacts:
    """A stored answer as the rules read it; an empty one where nothing is stored."""
    if row is None:
        return AnswerFacts()
    return AnswerFacts(
        value=row.value, comment=row.comment or None, na_reason=row.na_reason or None
    )


def has_position(photo: Photo, reading: PhotoReading | None) -> bool:
    """Whether the browser or the camera said where the photo was taken."""
    return photo.latitude is not None or (reading is not None and reading.latitude is not None)


def live_signatures(signatures: Iterable[Signature]) -> dict[str, Signature]:
    """The newest signature of each role, oldest first in; a withdrawn one leaves its role open."""
    newest = {signature.role_id: signature for signature in signatures}
    return {role_id: newest[role_id] for role_id in newest if not newest[role_id].withdrawn}


def list_answers(*report_ids: UUID) -> Iterable[Answer]:
    """The stored answers of these reports, in no order."""
    return db.session.scalars(select(Answer).where(Answer.report_id.in_(report_ids)))


def list_placed_photos(report_id: UUID, surroundings: Surroundings = NOWHERE) -> list[PlacedPhoto]:
    """The photos that stand in a report with their readings, by field, position and receipt.

    One that stands in several places is there once for each. Without `surroundings` they cannot be
    asked what they are near to.
    """
    return _list_placed({report_id: surroundings})[0]


def _list_placed(
    surroundings: Mapping[UUID, Surroundings],
) -> tuple[list[PlacedPhoto], bool]:
    """The same of several reports by their ids, and whether anybody ever signed any of them: most
    saves come before that, and each asks."""
    signed = select(Signature.id).where(Signature.report_id == Report.id).exists()
    stands = and_(PhotoPlacement.report_id == Report.id, PhotoPlacement.removed_at.is_(None))
    rows = db.session.execute(
        select(signed, PhotoPlacement, PhotoCheck.state)
        .select_from(Report)
        .outerjoin(PhotoPlacement, stands)
        .outerjoin(PhotoPlacement.photo)
        .outerjoin(PhotoCheck, PhotoCheck.photo_id == Photo.id)
        .where(Report.id.in_(surroundings))
        .options(contains_eager(PhotoPlacement.photo).options(joinedload(Photo.reading)))
        .order_by(
            PhotoPlacement.field_id, PhotoPlacement.position, Photo.created_at, Photo.id,
            PhotoPlacement.id,
        )
    ).all()  # fmt: skip
    photos = [
        PlacedPhoto(
            placement,
            placement.photo,
            placement.photo.reading,
            state is WorkState.FAILED,
            surroundings[placement.report_id],
        )
        for _signed, placement, state in rows
        if placement is not None
    ]
    return photos, any(is_signed for is_signed, _placement, _state in rows)


def _signatures(report_id: UUID) -> Iterable[Signature]:
    return db.session.scalars(
        select(Signature)
        .where(Signature.report_id == report_id)
        .order_by(Signature.created_at, Signature.id)
    )
