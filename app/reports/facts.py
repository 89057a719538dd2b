"""A report's rows as the plain facts that app.definition judges, in a fixed number of queries.

Reading only: what the facts amount to is for app.definition.rules, and whether a signature is
still valid for signing, which knows the hash of the content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from app.definition.judging import AnswerFacts, PhotoFacts, PhotoState, SignatureFacts
from app.definition.schema import Definition
from app.extensions import db
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
    WorkState,
)


@dataclass(frozen=True, slots=True)
class PlacedPhoto:
    """A photo where it stands.

    `reading` is None until the worker has looked at the bytes; `is_given_up` once it failed to.
    """

    placement: PhotoPlacement
    photo: Photo
    reading: PhotoReading | None
    is_given_up: bool = False

    @property
    def facts(self) -> PhotoFacts:
        return PhotoFacts(
            field_id=self.placement.field_id,
            state=self.state,
            has_position=has_position(self.photo, self.reading),
            reason=self.placement.quarantine_reason or None,
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


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """Everything that was entered into a report.

    `rows` and `answers` are keyed by field id, `signatures` by role id (live ones only);
    `photos` are the placed ones in the order of field and position.
    """

    definition: Definition
    rows: Mapping[str, Answer]
    answers: Mapping[str, AnswerFacts]
    photos: tuple[PlacedPhoto, ...]
    signatures: Mapping[str, Signature]

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


def load_facts(report: Report) -> ReportFacts:
    """The facts of a report in three queries (its version must be loaded already)."""
    rows = {row.field_id: row for row in list_answers(report.id)}
    return ReportFacts(
        definition=report.version.definition,
        rows=rows,
        answers={field_id: answer_facts(row) for field_id, row in rows.items()},
        photos=tuple(list_placed_photos(report.id)),
        signatures=live_signatures(_signatures(report.id)),
    )


def load_facts_of(definitions: Mapping[UUID, Definition]) -> dict[UUID, ReportFacts]:
    """The facts of several reports, whose definitions are given, in two queries; without their
    signatures."""
    rows: dict[UUID, dict[str, Answer]] = {report_id: {} for report_id in definitions}
    photos: dict[UUID, list[PlacedPhoto]] = {report_id: [] for report_id in definitions}
    for row in list_answers(*definitions):
        rows[row.report_id][row.field_id] = row
    for placed in list_placed_photos(*definitions):
        photos[placed.placement.report_id].append(placed)
    return {
        report_id: ReportFacts(
            definition=definition,
            rows=rows[report_id],
            answers={field_id: answer_facts(row) for field_id, row in rows[report_id].items()},
            photos=tuple(photos[report_id]),
            signatures={},
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


def list_placed_photos(*report_ids: UUID) -> list[PlacedPhoto]:
    """The photos that stand in these reports, with their readings, by field, position, receipt."""
    rows = db.session.execute(
        select(PhotoPlacement, PhotoCheck.state)
        .join(PhotoPlacement.photo)
        .outerjoin(PhotoCheck, PhotoCheck.photo_id == Photo.id)
        .where(PhotoPlacement.report_id.in_(report_ids), PhotoPlacement.removed_at.is_(None))
        .options(contains_eager(PhotoPlacement.photo).options(joinedload(Photo.reading)))
        .order_by(PhotoPlacement.field_id, PhotoPlacement.position, Photo.created_at, Photo.id)
    )
    return [
        PlacedPhoto(placement, placement.photo, placement.photo.reading, state is WorkState.FAILED)
        for placement, state in rows
    ]


def _signatures(report_id: UUID) -> Iterable[Signature]:
    return db.session.scalars(
        select(Signature)
        .where(Signature.report_id == report_id)
        .order_by(Signature.created_at, Signature.id)
    )
