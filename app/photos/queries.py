"""Reads photos: a single one, and those of a field with all that a page shows. Read-only.

Whoever may see a report may see its photos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload

from app.agreement import Conflict, PhotoTime, Place, times_of
from app.definition.assessment import Progress
from app.definition.judging import PhotoState
from app.definition.schema import Field
from app.errors import NotFound
from app.extensions import db
from app.gazetteer.lookup import Nearest
from app.models import (
    OPEN_STATES,
    Actor,
    Derivative,
    DerivativeKind,
    Photo,
    PhotoCheck,
    PhotoPlacement,
    PhotoReading,
    PhotoVerdict,
    Report,
)
from app.photos.notes import FileNote, notes_of
from app.photos.trust import TrustPart, trust_of
from app.reports.content import assess_report
from app.reports.facts import PlacedPhoto, list_placed_photos, load_facts
from app.reports.queries import get_report, visible_to
from app.rows import one_or_404
from app.web.locale import reading_order


@dataclass(frozen=True, slots=True)
class PhotoView:
    """A placed photo with everything that its card or figure shows.

    `state` is reading, good, quarantined, or failed (the worker gave up; a retry is possible).
    `ordinal` counts from 1 within the field, `count` is the number of photos there.
    `site_distance_m` is None if the project or the photo has no position. `lacks_position` is True
    if the field requires a position and the photo was read without one.
    """

    placed: PlacedPhoto
    state: str
    taken: PhotoTime
    place: Place | None
    nearest: Nearest | None
    site_distance_m: float | None
    is_far: bool
    conflicts: tuple[Conflict, ...]
    notes: tuple[FileNote, ...]
    trust: tuple[TrustPart, ...]
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
        """The polling interval of the card while the photo is read. It grows after 10 seconds,
        because polling adds load when there is a queue."""
        return _ask_seconds(self.photo.created_at)

    @property
    def counts(self) -> bool:
        """Whether the photo counts towards the minimum; a quarantined one does with a reason."""
        is_bad = self.state == PhotoState.QUARANTINED
        return not is_bad or bool(self.placement.quarantine_reason)


def _ask_seconds(received_at: datetime) -> int:
    return 2 if datetime.now(UTC) - received_at < timedelta(seconds=10) else 6


@dataclass(frozen=True, slots=True)
class FieldPhotos:
    """The response about a photo: its card (None if removed), the number of photos of its field,
    and the progress of the whole report."""

    field: Field
    view: PhotoView | None
    count: int
    progress: Progress


def get_placement(
    placement_id: UUID, *, person: Actor, with_removed: bool = False
) -> PhotoPlacement:
    """A placement and its photo, of a report that the person may see.

    Raises NotFound, also for a removed one unless `with_removed` is set.
    """
    return one_or_404(
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
    )


def find_placement(placement_id: UUID) -> PhotoPlacement | None:
    """A placement and its photo; the caller has checked access to the report."""
    return db.session.scalars(
        select(PhotoPlacement)
        .where(PhotoPlacement.id == placement_id)
        .options(joinedload(PhotoPlacement.photo, innerjoin=True))
    ).one_or_none()


def find_first_placement(photo_id: UUID) -> PhotoPlacement | None:
    """The placement that a photo got when it was received, even if removed since."""
    return db.session.scalars(
        select(PhotoPlacement)
        .where(PhotoPlacement.photo_id == photo_id)
        .order_by(PhotoPlacement.created_at, PhotoPlacement.id)
        .limit(1)
    ).one_or_none()


def find_in_report(report_id: UUID, sha256: str) -> Photo | None:
    """The photo with these bytes that the report received or took over; of several, one that is
    still placed."""
    placed = select(PhotoPlacement.id).where(
        PhotoPlacement.photo_id == Photo.id, PhotoPlacement.report_id == report_id
    )
    current = placed.where(PhotoPlacement.removed_at.is_(None))
    return db.session.scalars(
        select(Photo)
        .where(
            or_(Photo.report_id == report_id, placed.exists()),
            Photo.sha256 == sha256,
        )
        .order_by(current.exists().desc(), Photo.created_at, Photo.id)
        .limit(1)
    ).one_or_none()


def list_places(photo_id: UUID, report_id: UUID) -> Sequence[PhotoPlacement]:
    """The placements of a photo in a report, oldest first."""
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
    return one_or_404(
        select(Derivative)
        .where(Derivative.photo_id == placement.photo_id, Derivative.kind == kind)
        .order_by(Derivative.created_at.desc())
        .limit(1)
    )


def get_view(placement_id: UUID, *, person: Actor) -> PhotoView:
    """A photo with everything that its card shows. Raises NotFound, also for a removed photo."""
    view = get_field_photos(placement_id, person=person).view
    if view is None:
        raise NotFound
    return view


def is_still_read(placement_id: UUID, *, person: Actor, every: int) -> bool:
    """Whether the card of a placed photo, which asks every so many seconds, would be the same: the
    worker still has the photo, and the interval has not grown.

    One query: phones ask often, most of all when there is a queue.
    """
    row = db.session.execute(
        select(Photo.created_at)
        .join(PhotoPlacement, PhotoPlacement.photo_id == Photo.id)
        .join(Report, Report.id == PhotoPlacement.report_id)
        .join(PhotoCheck, PhotoCheck.photo_id == Photo.id)
        .where(
            PhotoPlacement.id == placement_id,
            PhotoPlacement.removed_at.is_(None),
            PhotoCheck.state.in_(OPEN_STATES),
            visible_to(person),
        )
    ).one_or_none()
    return row is not None and _ask_seconds(row.created_at) == every


def get_field_photos(placement_id: UUID, *, person: Actor) -> FieldPhotos:
    """A photo, which may be removed, with its field. Raises NotFound."""
    placement = get_placement(placement_id, person=person, with_removed=True)
    report = get_report(placement.report_id, person=person)
    field = report.version.definition.field(placement.field_id)
    if field is None:
        raise NotFound
    facts = load_facts(report)
    views = photo_views(facts.photos_of(field.id), field)
    view = next((one for one in views if one.placement.id == placement_id), None)
    return FieldPhotos(field, view, count_different(views), assess_report(report, facts).progress)


@dataclass(frozen=True, slots=True)
class Repeat:
    """A photo that is already in the report, and the questions where it is placed, in quotes."""

    view: PhotoView
    fields: str


def get_repeat(placement_id: UUID, report_id: UUID, *, person: Actor) -> Repeat:
    """A placement in the report, and all questions where its photo is placed. Raises NotFound."""
    view = get_view(placement_id, person=person)
    if view.placement.report_id != report_id:
        raise NotFound
    report = get_report(report_id, person=person)
    return Repeat(view, quoted_fields(report, list_places(view.photo.id, report_id)))


def list_repeats(placement_ids: Sequence[UUID], report_id: UUID, *, person: Actor) -> list[Repeat]:
    """Several repeats, without those that have been removed."""
    current = db.session.scalars(
        select(PhotoPlacement.id).where(
            PhotoPlacement.id.in_(placement_ids),
            PhotoPlacement.report_id == report_id,
            PhotoPlacement.removed_at.is_(None),
        )
    ).all()
    return [get_repeat(one, report_id, person=person) for one in placement_ids if one in current]


def quoted_fields(report: Report, places: Sequence[PhotoPlacement]) -> str:
    """The questions of some placements, each once, in the reader's language."""
    definition = report.version.definition
    asked = [definition.field(one.field_id) for one in places]
    languages = reading_order(definition.languages)
    labels = [field.label.first(languages) for field in asked if field]
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
    """The photos of a field, in order, without any query."""
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
            trust=trust_of(one, one.likenesses),
            ordinal=ordinal,
            count=len(photos),
            lacks_position=demands_position and one.facts.lacks_position,
        )
        for ordinal, one in enumerate(photos, start=1)
    ]


def count_different(views: Sequence[PhotoView]) -> int:
    """The number of photos that count towards a field's minimum; repeats count once."""
    return len({one.photo.sha256 for one in views if one.counts})


def find_by_client_id(client_id: UUID) -> Photo | None:
    """The photo that an upload with this client id created, if it arrived."""
    return db.session.scalars(select(Photo).where(Photo.client_id == client_id)).one_or_none()


def count_in_field(report_id: UUID, field_id: str) -> int:
    """The number of placements in a field that count against its limit: all but the quarantined."""
    return sum(
        one.placement.field_id == field_id and one.state is not PhotoState.QUARANTINED
        for one in list_placed_photos(report_id)
    )


def count_in_report(report_id: UUID) -> int:
    """The number of placements in a report that count against its limit, by the same rule."""
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
