"""Where photos stand in a report: once more, in another order, under other words, or no more.

What a place holds is changed here; the photo itself never is. Receiving one is for service.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid5

from sqlalchemy import func, select

from app.company.limits import require_room_for_photo
from app.definition.schema import Field, PhotoMode
from app.errors import DomainError, NotFound
from app.evidence.service import record
from app.extensions import db
from app.models import Actor, Photo, PhotoPlacement, PhotoVerdict, Report, ReportStatus
from app.photos.queries import count_in_field, count_in_report, find_placement, get_placement
from app.reports.facts import has_position
from app.reports.locking import lock_open_report


class NoPhotosHere(DomainError):
    """This question takes no photos."""

    status = 409


class TooManyPhotos(DomainError):
    """This question takes at most %(count)s photos, and one that stands here twice counts twice.
    Remove one before you add another."""

    one = "This question takes at most %(count)s photo. Remove it before you add another."
    status = 409


class NotQuarantined(DomainError):
    """Only a photo whose picture cannot be read needs a reason."""

    status = 409


class PositionNotMissing(DomainError):
    """Only a photo without a position needs this reason, and only where the question demands a
    position."""

    status = 409


def get_photo_field(report: Report, field_id: str) -> Field:
    """The field that takes photos under this id. Raises NotFound, NoPhotosHere."""
    field = report.version.definition.field(field_id)
    if field is None:
        raise NotFound
    if field.photos.mode is PhotoMode.NONE or not field.photos.max:
        raise NoPhotosHere
    return field


def require_room(report: Report, field: Field) -> None:
    """Room for one more place in a report that the caller has locked.

    A photo that stands in two places takes the room of two, as it is printed twice. Raises
    TooManyPhotos, ReportTakesNoMorePhotos.
    """
    if count_in_field(report.id, field.id) >= field.photos.max:
        raise TooManyPhotos(count=field.photos.max)
    require_room_for_photo(report, used=count_in_report(report.id))


def place(
    photo: Photo, report: Report, field: Field, *, placement_id: UUID | None = None
) -> PhotoPlacement:
    """The photo at the end of the field of a report that the caller has locked."""
    placement = PhotoPlacement(
        report_id=report.id,
        photo_id=photo.id,
        field_id=field.id,
        position=_next_position(report.id, field.id),
    )
    if placement_id is not None:
        placement.id = placement_id
    db.session.add(placement)
    db.session.flush()
    _mark_started(report)
    return placement


def again_id(report: Report, client_id: UUID) -> UUID:
    """The id of the place that a request with this client id makes for a photo that is there
    already: sent again, it finds that place."""
    return uuid5(report.id, f"place:{client_id}")


def place_again(
    *, report_id: UUID, field_id: str, placement_id: UUID, client_id: UUID, actor: Actor
) -> PhotoPlacement:
    """Let a photo that has a place in the report stand at this field as well.

    Sent again under its client id it answers with the same place. Raises NotFound, ReportClosed,
    NoPhotosHere, TooManyPhotos, ReportTakesNoMorePhotos.
    """
    report = lock_open_report(report_id, actor=actor)
    field = get_photo_field(report, field_id)
    there = get_placement(placement_id, person=actor, with_removed=True)
    if there.report_id != report.id:
        raise NotFound
    new_id = again_id(report, client_id)
    if earlier := find_placement(new_id):
        return earlier
    require_room(report, field)
    placement = place(there.photo, report, field, placement_id=new_id)
    record_change("photo.placed", placement, actor)
    return placement


def caption_photo(*, placement_id: UUID, caption: str, actor: Actor) -> PhotoPlacement:
    """Set the words under a photo. Raises NotFound, ReportClosed."""
    placement = take_placement(placement_id, actor)
    if placement.caption != caption:
        old, placement.caption = placement.caption, caption
        record_change("photo.edited", placement, actor, old_caption=old, new_caption=caption)
    return placement


def explain_photo(*, placement_id: UUID, reason: str, actor: Actor) -> PhotoPlacement:
    """Say why a quarantined photo cannot be taken again; it then counts as it is.

    Raises NotFound, ReportClosed, NotQuarantined.
    """
    placement = take_placement(placement_id, actor)
    reading = placement.photo.reading
    if reading is None or reading.reason is None:
        raise NotQuarantined
    if placement.quarantine_reason != reason:
        old, placement.quarantine_reason = placement.quarantine_reason, reason
        record_change("photo.edited", placement, actor, old_reason=old, new_reason=reason)
    return placement


def explain_position(*, placement_id: UUID, reason: str, actor: Actor) -> PhotoPlacement:
    """Say why a photo has no position where its field demands one; it then counts without.

    Raises NotFound, ReportClosed, PositionNotMissing.
    """
    placement = take_placement(placement_id, actor)
    if not _is_position_missing(placement, actor):
        raise PositionNotMissing
    if placement.position_reason != reason:
        old, placement.position_reason = placement.position_reason, reason
        record_change(
            "photo.edited", placement, actor, old_position_reason=old, new_position_reason=reason
        )
    return placement


def move_photo(*, placement_id: UUID, step: int, actor: Actor) -> Sequence[PhotoPlacement]:
    """Change places with the photo before (`step` -1) or after (1); at the end nothing happens.

    Returns the placements that changed, the moved one first. Raises NotFound, ReportClosed.
    """
    placement = take_placement(placement_id, actor)
    row = list(
        db.session.scalars(
            select(PhotoPlacement)
            .where(
                PhotoPlacement.report_id == placement.report_id,
                PhotoPlacement.field_id == placement.field_id,
                PhotoPlacement.removed_at.is_(None),
            )
            .order_by(PhotoPlacement.position)
        )
    )
    target = row.index(placement) + step
    if not 0 <= target < len(row):
        return ()
    other = row[target]
    placement.position, other.position = other.position, placement.position
    record_change("photo.edited", placement, actor, position=str(placement.position))
    return (placement, other)


def remove_photo(*, placement_id: UUID, actor: Actor) -> PhotoPlacement:
    """Take a photo out of this place; bytes, rows and history stay, and its other places too.

    Removed already, it stays so. Raises NotFound, ReportClosed.
    """
    placement = take_placement(placement_id, actor, with_removed=True)
    if placement.removed_at is None:
        placement.removed_at = datetime.now(UTC)
        record_change("photo.removed", placement, actor)
    return placement


def take_placement(
    placement_id: UUID, actor: Actor, *, with_removed: bool = False
) -> PhotoPlacement:
    """The placement, its report locked and open. Raises NotFound, ReportClosed."""
    seen = get_placement(placement_id, person=actor, with_removed=with_removed)
    lock_open_report(seen.report_id, actor=actor).updated_at = datetime.now(UTC)
    return get_placement(placement_id, person=actor, with_removed=with_removed)


def record_change(action: str, placement: PhotoPlacement, actor: Actor, **facts: str) -> None:
    record(
        action=action,
        actor=actor,
        object_type="report",
        object_id=placement.report_id,
        photo=str(placement.photo_id),
        placement=str(placement.id),
        field=placement.field_id,
        sha256=placement.photo.sha256,
        **facts,
    )


def _is_position_missing(placement: PhotoPlacement, actor: Actor) -> bool:
    report = lock_open_report(placement.report_id, actor=actor)
    field = report.version.definition.field(placement.field_id)
    reading = placement.photo.reading
    is_good = reading is not None and reading.verdict is PhotoVerdict.GOOD
    is_demanded = field is not None and field.photos.gps_required
    return is_good and is_demanded and not has_position(placement.photo, reading)


def _next_position(report_id: UUID, field_id: str) -> int:
    """Never one that a removed photo had: a position names a place on the page for ever."""
    last = db.session.scalar(
        select(func.max(PhotoPlacement.position)).where(
            PhotoPlacement.report_id == report_id, PhotoPlacement.field_id == field_id
        )
    )
    return 0 if last is None else last + 1


def _mark_started(report: Report) -> None:
    report.updated_at = datetime.now(UTC)
    if report.status is ReportStatus.DRAFT:
        report.status, report.started_at = ReportStatus.IN_PROGRESS, report.updated_at
