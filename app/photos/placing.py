"""Places photos in a report, captions, explains, moves and removes them.

Only placements change here, never the photo itself. service.py receives photos.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid5

from sqlalchemy import func, select

from app.definition.schema import Field, PhotoMode
from app.errors import DomainError, NotFound
from app.evidence.service import About, record
from app.extensions import db
from app.models import Account, Actor, Choice, Photo, PhotoPlacement, PhotoVerdict, Report
from app.photos.queries import count_in_field, count_in_report, find_placement, get_placement
from app.plans.limits import require_room_for_photo
from app.reports.conflicts import (
    Viewed,
    close_conflict,
    get_conflict,
    require_choice,
    require_in_view,
)
from app.reports.facts import has_position
from app.reports.lifecycle import note_change
from app.reports.locking import lock_open_report


class NoPhotosHere(DomainError):
    """This question does not accept photos."""

    status = 409


class TooManyPhotos(DomainError):
    """This question accepts at most %(count)s photos, and a photo added twice counts twice. Remove
    one before you add another."""

    one = "This question accepts at most %(count)s photo. Remove it before you add another."
    status = 409


class NotQuarantined(DomainError):
    """Only a photo that cannot be read needs a reason."""

    status = 409


class PositionNotMissing(DomainError):
    """This reason is needed only for a photo without a position, and only if the question requires
    a position."""

    status = 409


class StaleCaption(DomainError):
    """The caption of this photo was changed in the meantime. Both captions are saved."""

    status = 409

    def __init__(self, placement: PhotoPlacement) -> None:
        super().__init__()
        self.row_version, self.field_id = placement.row_version, placement.field_id


def get_photo_field(report: Report, field_id: str) -> Field:
    """The field with this id, if it takes photos. Raises NotFound, NoPhotosHere."""
    field = report.version.definition.field(field_id)
    if field is None:
        raise NotFound
    if field.photos.mode is PhotoMode.NONE or not field.photos.max:
        raise NoPhotosHere
    return field


def require_room(report: Report, field: Field) -> None:
    """Require room for one more placement in a report that the caller has locked.

    A photo with two placements counts twice, because it is printed twice. Raises
    TooManyPhotos, ReportTakesNoMorePhotos.
    """
    if count_in_field(report.id, field.id) >= field.photos.max:
        raise TooManyPhotos(count=field.photos.max)
    require_room_for_photo(report, used=count_in_report(report.id))


def place(
    photo: Photo, report: Report, field: Field, *, actor: Actor, placement_id: UUID | None = None
) -> PhotoPlacement:
    """Place the photo at the end of a field of a report that the caller has locked."""
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
    note_change(report, actor=actor, at=datetime.now(UTC))
    return placement


def repeat_id(report: Report, client_id: UUID) -> UUID:
    """The id of the placement that a request with this client id creates for an existing photo, so
    that a repeated request finds it."""
    return uuid5(report.id, f"place:{client_id}")


def place_again(
    *, report_id: UUID, field_id: str, placement_id: UUID, client_id: UUID, actor: Actor
) -> PhotoPlacement:
    """Place a photo of the report at this field as well.

    A repeated client id returns the same placement. Raises NotFound, ReportClosed,
    NoPhotosHere, TooManyPhotos, ReportTakesNoMorePhotos.
    """
    report = lock_open_report(report_id, actor=actor)
    field = get_photo_field(report, field_id)
    there = get_placement(placement_id, person=actor, with_removed=True)
    if there.report_id != report.id:
        raise NotFound
    new_id = repeat_id(report, client_id)
    if earlier := find_placement(new_id):
        return earlier
    require_room(report, field)
    placement = place(there.photo, report, field, actor=actor, placement_id=new_id)
    record("photo.placed", report, actor, **placement_facts(placement))
    return placement


def caption_photo(
    *, placement_id: UUID, caption: str, base_version: int | None = None, actor: Actor
) -> PhotoPlacement:
    """Set the caption of a photo.

    `base_version` is the row version of the placement that the author saw; a form does not know it.
    Raises NotFound, ReportClosed, StaleCaption.
    """
    placement = lock_placement(placement_id, actor)
    if placement.caption == caption:
        return placement
    if base_version is not None and base_version != placement.row_version:
        raise StaleCaption(placement)
    _set_caption(placement, caption, actor, author=actor.account_id, at=datetime.now(UTC))
    return placement


def settle_caption(
    *, report_id: UUID, conflict_id: UUID, choice: Choice, viewed: Viewed, actor: Actor
) -> PhotoPlacement:
    """Choose one of two captions. Raises NotFound, ReportClosed, AlreadySettled, ChangedSince."""
    report = lock_open_report(report_id, actor=actor)
    row = get_conflict(conflict_id, report.id)
    if row.placement_id is None:
        raise NotFound
    placement = lock_placement(row.placement_id, actor, with_removed=True)
    if require_choice(row, choice):
        by = placement.captioned_by
        name = db.session.scalar(select(Account.name).where(Account.id == by)) if by else None
        require_in_view(row, viewed, row_version=placement.row_version, by=name or "Laudo")
        mine, author, at = str(row.value or ""), row.typed_by, row.client_at or row.created_at
        close_conflict(row, choice, actor=actor)
        if choice is Choice.MINE and placement.caption != mine:
            _set_caption(placement, mine, actor, author=author, at=at)
    return placement


def _set_caption(
    placement: PhotoPlacement, caption: str, actor: Actor, *, author: UUID | None, at: datetime
) -> None:
    old, placement.caption = placement.caption, caption
    placement.row_version += 1
    placement.captioned_by, placement.captioned_at = author, at
    record(
        "photo.edited",
        report_of(placement),
        actor,
        **placement_facts(placement),
        old_caption=old,
        new_caption=caption,
    )


def explain_photo(*, placement_id: UUID, reason: str, actor: Actor) -> PhotoPlacement:
    """Set the reason why a quarantined photo cannot be retaken; it then counts as it is.

    Raises NotFound, ReportClosed, NotQuarantined.
    """
    placement = lock_placement(placement_id, actor)
    reading = placement.photo.reading
    if reading is None or reading.reason is None:
        raise NotQuarantined
    if placement.quarantine_reason != reason:
        old, placement.quarantine_reason = placement.quarantine_reason, reason
        record(
            "photo.edited",
            report_of(placement),
            actor,
            **placement_facts(placement),
            old_reason=old,
            new_reason=reason,
        )
    return placement


def explain_position(*, placement_id: UUID, reason: str, actor: Actor) -> PhotoPlacement:
    """Set the reason why a photo lacks the position that its field requires; it then counts.

    Raises NotFound, ReportClosed, PositionNotMissing.
    """
    placement = lock_placement(placement_id, actor)
    if not _is_position_missing(placement, actor):
        raise PositionNotMissing
    if placement.position_reason != reason:
        old, placement.position_reason = placement.position_reason, reason
        record(
            "photo.edited",
            report_of(placement),
            actor,
            **placement_facts(placement),
            old_position_reason=old,
            new_position_reason=reason,
        )
    return placement


def move_photo(*, placement_id: UUID, step: int, actor: Actor) -> Sequence[PhotoPlacement]:
    """Swap with the photo before (`step` -1) or after (1); nothing happens at the end.

    Returns the placements that changed, the moved one first. Raises NotFound, ReportClosed.
    """
    placement = lock_placement(placement_id, actor)
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
    record(
        "photo.edited",
        report_of(placement),
        actor,
        **placement_facts(placement),
        position=str(placement.position),
    )
    return (placement, other)


def remove_photo(*, placement_id: UUID, actor: Actor) -> PhotoPlacement:
    """Remove a placement; bytes, rows, history and other placements of the photo stay.

    Nothing happens if it is already removed. Raises NotFound, ReportClosed.
    """
    placement = lock_placement(placement_id, actor, with_removed=True)
    if placement.removed_at is None:
        placement.removed_at = datetime.now(UTC)
        record("photo.removed", report_of(placement), actor, **placement_facts(placement))
    return placement


def lock_placement(
    placement_id: UUID, actor: Actor, *, with_removed: bool = False
) -> PhotoPlacement:
    """Lock the report, which must be open; read the placement. Raises NotFound, ReportClosed."""
    seen = get_placement(placement_id, person=actor, with_removed=with_removed)
    lock_open_report(seen.report_id, actor=actor).updated_at = datetime.now(UTC)
    return get_placement(placement_id, person=actor, with_removed=with_removed)


def placement_facts(placement: PhotoPlacement) -> dict[str, str]:
    """The audit facts that identify a placed photo."""
    return {
        "photo": str(placement.photo_id),
        "placement": str(placement.id),
        "field": placement.field_id,
        "sha256": placement.photo.sha256,
    }


def report_of(placement: PhotoPlacement) -> About:
    """The report, as the object of an audit entry about the placement."""
    return About(Report.audit_type, placement.report_id)


def _is_position_missing(placement: PhotoPlacement, actor: Actor) -> bool:
    report = lock_open_report(placement.report_id, actor=actor)
    field = report.version.definition.field(placement.field_id)
    reading = placement.photo.reading
    is_good = reading is not None and reading.verdict is PhotoVerdict.GOOD
    is_demanded = field is not None and field.photos.gps_required
    return is_good and is_demanded and not has_position(placement.photo, reading)


def _next_position(report_id: UUID, field_id: str) -> int:
    """Counts removed photos too, because the position of a removed one is never used again."""
    last = db.session.scalar(
        select(func.max(PhotoPlacement.position)).where(
            PhotoPlacement.report_id == report_id, PhotoPlacement.field_id == field_id
        )
    )
    return 0 if last is None else last + 1
