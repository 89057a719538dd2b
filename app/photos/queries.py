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
    None where the project or the photo has no position. `lacks_position`: the field demands
    one, and the picture was read without.
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
    lacks_position: bool = False

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


def get_placement(
    placement_id: UUID, *, person: Actor, with_removed: bool = False
) -> PhotoPlacement:
    """Where a photo stands, with the photo, of a report that the person may see.

    Raises NotFound, for a removed photo too unless it is asked for.
    """
    row = db.session.scalars(
        select(PhotoPlacement)
        .join(PhotoPlacement.photo)
        .join(Report, Report.id == PhotoPlacement.report_id)
        .where(
            PhotoPlacement.id == placement_id,
            visible_to(person),
            true() if with_removed else PhotoPlacement.removed_at.is_(None),
        )
        .options(contains_eager(PhotoPlacement.photo).options(joinedload(Photo.reading)))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def find_placement(placement_id: UUID) -> PhotoPlacement | None:
    """One with its photo, for whoever has the report already."""
    return db.session.scalars(
        select(PhotoPlacement)
        .where(PhotoPlacement.id == placement_id)
        .options(joinedload(PhotoPlacement.photo, innerjoin=True))
    ).one_or_none()


def find_first_placement(photo_id: UUID) -> PhotoPlacement | None:
    """The place that a photo got when it was received, removed since or not."""
    return db.session.scalars(
        select(PhotoPlacement)
        .where(PhotoPlacement.photo_id == photo_id)
        .order_by(PhotoPlacement.created_at, PhotoPlacement.id)
        .limit(1)
    ).one_or_none()


def find_in_report(report_id: UUID, sha256: str) -> Photo | None:
    """The photo of these bytes that the report received; of several the one that still stands."""
    standing = select(PhotoPlacement.id).where(
        PhotoPlacement.photo_id == Photo.id,
        PhotoPlacement.report_id == report_id,
        PhotoPlacement.removed_at.is_(None),
    )
    return db.session.scalars(
        select(Photo)
        .where(Photo.report_id == report_id, Photo.sha256 == sha256)
        .order_by(standing.exists().desc(), Photo.created_at, Photo.id)
        .limit(1)
    ).one_or_none()


def list_places(photo_id: UUID, report_id: UUID) -> Sequence[PhotoPlacement]:
    """Where a photo stands in a report, the oldest place first."""
    return db.session.scalars(
        select(PhotoPlacement)
        .where(
            PhotoPlacement.photo_id == photo_id,
            PhotoPlacement.report_id == report_id,
            PhotoPlacement.removed_at.is_(None),
        )
        .order_by(PhotoPlacement.created_at, PhotoPlacement.id)
    ).all()


def get_derivative(placement_id: UUID, kind: DerivativeKind, *, person: Actor) -> Derivative:
    """The newest derivative of a kind. Raises NotFound."""
    placement = get_placement(placement_id, person=person)
    row = db.session.scalars(
        select(Derivative)
        .where(Derivative.photo_id == placement.photo_id, Derivative.kind == kind)
        .order_by(Derivative.created_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def get_view(placement_id: UUID, *, person: Actor) -> PhotoView:
    """One photo as its card shows it. Raises NotFound, for a removed photo too."""
    view = get_field_photos(placement_id, person=person).view
    if view is None:
        raise NotFound
    return view


def get_field_photos(placement_id: UUID, *, person: Actor) -> FieldPhotos:
    """One photo, removed or not, with the field that it stands in. Raises NotFound."""
    placement = get_placement(placement_id, person=person, with_removed=True)
    report = get_report(placement.report_id, person=person)
    field = report.version.definition.field(placement.field_id)
    if field is None:
        raise NotFound
    facts = load_facts(report)
    views = photo_views(facts.photos_of(field.id), field)
    view = next((one for one in views if one.placement.id == placement_id), None)
    return FieldPhotos(field, view, count_different(views), progress_of(report, facts))


@dataclass(frozen=True, slots=True)
class Repeat:
    """A photo that stands in the report already, and at which questions, in quotes."""

    view: PhotoView
    fields: str


def get_repeat(placement_id: UUID, report_id: UUID, *, person: Actor) -> Repeat:
    """One of these places in the report with all others of its photo. Raises NotFound."""
    view = get_view(placement_id, person=person)
    if view.placement.report_id != report_id:
        raise NotFound
    report = get_report(report_id, person=person)
    return Repeat(view, quoted_fields(report, list_places(view.photo.id, report_id)))


def list_repeats(placement_ids: Sequence[UUID], report_id: UUID, *, person: Actor) -> list[Repeat]:
    """The same of several, without those that stand there no more."""
    standing = db.session.scalars(
        select(PhotoPlacement.id).where(
            PhotoPlacement.id.in_(placement_ids),
            PhotoPlacement.report_id == report_id,
            PhotoPlacement.removed_at.is_(None),
        )
    ).all()
    return [get_repeat(one, report_id, person=person) for one in placement_ids if one in standing]


def quoted_fields(report: Report, places: Sequence[PhotoPlacement]) -> str:
    """The questions of some places, each once, by the checklist's first language."""
    definition = report.version.definition
    asked = [definition.field(one.field_id) for one in places]
    labels = [field.label.first(definition.languages) for field in asked if field]
    return ", ".join(f"\u201c{label}\u201d" for label in dict.fromkeys(labels))


def get_field(report_id: UUID, field_id: str, *, person: Actor) -> Field:
    """A field of a report that the person may see. Raises NotFound."""
    field = get_report(report_id, person=person).version.definition.field(field_id)
    if field is None:
        raise NotFound
    return field


def get_report_of(view: PhotoView, *, person: Actor) -> Report:
    """The report that a photo belongs to. Raises NotFound."""
    return get_report(view.placement.report_id, person=person)


def photo_views(photos: Sequence[PlacedPhoto], field: Field | None = None) -> list[PhotoView]:
    """The photos of one field, in their order. Asks the database for nothing."""
    demands_position = field is not None and field.photos.gps_required
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
            lacks_position=demands_position and one.facts.lacks_position,
        )
        for ordinal, one in enumerate(photos, start=1)
    ]


def count_different(views: Sequence[PhotoView]) -> int:
    """How many photos count towards a field's minimum: one that stands there twice counts once."""
    return len({one.photo.sha256 for one in views if one.counts})


def find_by_client_id(client_id: UUID) -> Photo | None:
    """The photo that an upload made under this id, if it did arrive."""
    return db.session.scalars(select(Photo).where(Photo.client_id == client_id)).one_or_none()


def count_in_field(report_id: UUID, field_id: str) -> int:
    """The places taken in a field: those of photos that may be printed, so not the quarantined."""
    return sum(
        one.placement.field_id == field_id and one.state is not PhotoState.QUARANTINED
        for one in list_placed_photos(report_id)
    )


def count_in_report(report_id: UUID) -> int:
    """The places taken in a report, by the same rule."""
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
