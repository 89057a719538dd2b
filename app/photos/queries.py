"""Reading photos: one of them for a person, and those of a field ready to show.

Who may see a photo is who may see its report. Nothing here changes anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, true
from sqlalchemy.orm import contains_eager, joinedload

from app.definition.judging import PhotoState
from app.definition.progress import Progress
from app.definition.schema import Field
from app.errors import NotFound
from app.extensions import db
from app.gazetteer.lookup import Nearest
from app.models import (
    Actor,
    Derivative,
    DerivativeKind,
    Photo,
    PhotoPlacement,
    PhotoReading,
    PhotoVerdict,
    Report,
)
from app.photos.notes import FileNote, notes_of
from app.reports.completeness import progress_of
from app.reports.facts import PlacedPhoto, list_placed_photos, load_facts
from app.reports.queries import get_report, visible_to
from app.witnesses import Conflict, Place, Taken, times_of


@dataclass(frozen=True, slots=True)
class PhotoView:
    """A placed photo with everything that its card or figure shows.

    `state` is reading, good, quarantined, or failed: the worker gave up and may try again.
    `ordinal` counts within the field from 1, `count` how many stand there. `site_distance_m` is
    None where the project or the photo has no position.
    """

    placed: PlacedPhoto
    state: str
    taken: Taken
    place: Place | None
    nearest: Nearest | None
    site_distance_m: float | None
    is_far: bool
    conflicts: tuple[Conflict, ...]
    notes: tuple[FileNote, ...]
    ordinal: int
    count: int

    @property
    def photo(self) -> Photo:
        return self.placed.photo

    @property
    def placement(self) -> PhotoPlacement:
        return self.placed.placement

    @property
    def is_damaged(self) -> bool:
        return self.placed.is_damaged

    @property
    def ask_seconds(self) -> int:
        """How often its card asks while it is read: seldom once it waits, as where there is a queue
        the asking of everybody makes it longer."""
        waited = datetime.now(UTC) - self.photo.created_at
        return 2 if waited < timedelta(seconds=10) else 6

    @property
    def counts(self) -> bool:
        """Whether it counts towards the minimum: a quarantined one only with a reason."""
        is_bad = self.state == PhotoState.QUARANTINED
        return not is_bad or bool(self.placement.quarantine_reason)


@dataclass(frozen=True, slots=True)
class FieldPhotos:
    """What an answer about one photo shows: its card, None once removed, the field's count and the
    progress of the whole report."""

    field: Field
    view: PhotoView | None
    count: int
    progress: Progress


def get_placement(photo_id: UUID, *, person: Actor, with_removed: bool = False) -> PhotoPlacement:
    """Where a photo stands, with the photo, of a report that the person may see.

    Raises NotFound, for a removed photo too unless it is asked for.
    """
    row = db.session.scalars(
        select(PhotoPlacement)
        .join(PhotoPlacement.photo)
        .join(Report, Report.id == PhotoPlacement.report_id)
        .where(
            Photo.id == photo_id,
            visible_to(person),
            true() if with_removed else PhotoPlacement.removed_at.is_(None),
        )
        .options(contains_eager(PhotoPlacement.photo).options(joinedload(Photo.reading)))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def get_derivative(photo_id: UUID, kind: DerivativeKind, *, person: Actor) -> Derivative:
    """The newest derivative of a kind. Raises NotFound."""
    placement = get_placement(photo_id, person=person)
    row = db.session.scalars(
        select(Derivative)
        .where(Derivative.photo_id == placement.photo_id, Derivative.kind == kind)
        .order_by(Derivative.created_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def get_view(photo_id: UUID, *, person: Actor) -> PhotoView:
    """One photo as its card shows it. Raises NotFound, for a removed photo too."""
    view = get_field_photos(photo_id, person=person).view
    if view is None:
        raise NotFound
    return view


def get_field_photos(photo_id: UUID, *, person: Actor) -> FieldPhotos:
    """One photo, removed or not, with the field that it stands in. Raises NotFound."""
    placement = get_placement(photo_id, person=person, with_removed=True)
    report = get_report(placement.report_id, person=person)
    field = report.version.definition.field(placement.field_id)
    if field is None:
        raise NotFound
    facts = load_facts(report)
    views = photo_views(facts.photos_of(field.id))
    view = next((one for one in views if one.photo.id == photo_id), None)
    counted = sum(one.counts for one in views)
    return FieldPhotos(field, view, counted, progress_of(report, facts))


def get_report_of(view: PhotoView, *, person: Actor) -> Report:
    """The report that a photo belongs to. Raises NotFound."""
    return get_report(view.photo.report_id, person=person)


def photo_views(photos: Sequence[PlacedPhoto]) -> list[PhotoView]:
    """The photos of one field, in their order. Asks the database for nothing."""
    return [
        PhotoView(
            placed=one,
            state=one.state.value,
            taken=times_of(one.photo, one.reading)[0],
            place=one.place,
            nearest=one.nearest,
            site_distance_m=one.site_distance_m,
            is_far=one.is_far,
            conflicts=one.conflicts,
            notes=notes_of(one.reading),
            ordinal=ordinal,
            count=len(photos),
        )
        for ordinal, one in enumerate(photos, start=1)
    ]


def find_by_client_id(client_id: UUID) -> Photo | None:
    """The photo that an upload made under this id, if it did arrive."""
    return db.session.scalars(select(Photo).where(Photo.client_id == client_id)).one_or_none()


def count_in_field(report_id: UUID, field_id: str) -> int:
    """The photos that take room in a field: those that may be printed, so not the quarantined."""
    return sum(
        one.placement.field_id == field_id and one.state is not PhotoState.QUARANTINED
        for one in list_placed_photos(report_id)
    )


def count_in_report(report_id: UUID) -> int:
    """The photos that take room in a report, by the same rule."""
    statement = (
        select(func.count(PhotoPlacement.id))
        .outerjoin(PhotoReading, PhotoReading.photo_id == PhotoPlacement.photo_id)
        .where(
            PhotoPlacement.report_id == report_id,
            PhotoPlacement.removed_at.is_(None),
            func.coalesce(PhotoReading.verdict, PhotoVerdict.GOOD) == PhotoVerdict.GOOD,
        )
    )
    return db.session.scalar(statement) or 0
