"""Changing photos: receive, caption, order, explain, remove. The bytes themselves never change.

Reading the bytes and drawing from them is the worker's (checking.py, drawing.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid5

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.company.limits import require_room_for_photo
from app.definition.schema import Field, PhotoMode
from app.errors import DomainError, NotFound
from app.evidence.service import record
from app.extensions import db
from app.imaging.sniff import HEADER_BYTES, ImageKind, sniff
from app.jobs.queue import wake
from app.models import (
    Actor,
    Photo,
    PhotoCheck,
    PhotoPlacement,
    PhotoSource,
    Report,
    ReportStatus,
    WorkState,
)
from app.photos.queries import (
    count_in_field,
    count_in_report,
    find_by_client_id,
    get_placement,
)
from app.reports.locking import lock_open_report
from app.reports.queries import get_open_report
from app.storage import Received, object_key, storage
from app.tenancy import require_tenant
from app.transactions import pause

KIND = "photo_check"
QUEUE = "photos"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on local disk and what the browser said about it.

    `sha256` is the phone's (hex, empty when it could not hash); degrees are WGS 84, accuracy in
    metres, times aware. Without a client id the same file in the same field is the same photo.
    """

    received: Received
    client_id: UUID | None = None
    sha256: str = ""
    source: PhotoSource = PhotoSource.FILE
    client_at: datetime | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    accuracy_m: Decimal | None = None
    position_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """An upload whose bytes lie in the storage under `key`; no row names them yet."""

    upload: Upload
    kind: ImageKind
    key: str


class NoPhotosHere(DomainError):
    """This question takes no photos."""

    status = 409


class TooManyPhotos(DomainError):
    """This question takes at most %(count)s photos. Remove one before you add another."""

    one = "This question takes at most %(count)s photo. Remove it before you add another."
    status = 409


class NotAPicture(DomainError):
    """Only JPEG, PNG and HEIC pictures are accepted as photos."""

    status = 415


class ArrivedChanged(DomainError):
    """The photo arrived different from what was sent. Nothing was stored: send it again."""

    status = 422


class ClientIdTaken(DomainError):
    """Another photo was sent under the same id. Load the page again and add this one once more."""

    status = 409


class NotQuarantined(DomainError):
    """Only a photo whose picture cannot be read needs a reason."""

    status = 409


class StillReading(DomainError):
    """This photo is being read already."""

    status = 409


def add_photo(*, report_id: UUID, field_id: str, upload: Upload, actor: Actor) -> Photo:
    """Store the bytes, then the photo at the end of its field; the worker reads it after that.

    Sent again under its client id it answers with the same photo. Raises NotFound, ReportClosed,
    StorageFull, StorageUnavailable, ReportTakesNoMorePhotos and the refusals above; there is no
    photo then.
    """
    check_place(report_id=report_id, field_id=field_id, actor=actor)
    kept = keep_bytes(upload)
    return place_photo(report_id=report_id, field_id=field_id, kept=kept, actor=actor)


def keep_bytes(upload: Upload) -> Kept:
    """Store the bytes, with no transaction open: a slow storage holds up nobody else.

    Raises NotAPicture, ArrivedChanged, StorageFull, StorageUnavailable.
    """
    pause()
    kind = _kind_of(upload)
    key = object_key(require_tenant(), "orig", upload.received.sha256)
    storage().put(key, upload.received.path)
    return Kept(upload, kind, key)


def place_photo(*, report_id: UUID, field_id: str, kept: Kept, actor: Actor) -> Photo:
    """The photo of stored bytes, at the end of its field. Raises as `add_photo`."""
    upload = kept.upload
    report = lock_open_report(report_id, actor=actor)
    field = get_photo_field(report, field_id)
    client_id = upload.client_id or _own_client_id(report.id, field.id, upload.received.sha256)
    if earlier := _find_earlier(client_id, report, field, upload):
        return earlier
    if count_in_field(report.id, field.id) >= field.photos.max:
        raise TooManyPhotos(count=field.photos.max)
    require_room_for_photo(report, used=count_in_report(report.id))
    photo = _insert(report, client_id, kept, actor)
    db.session.add(
        PhotoPlacement(
            report_id=report.id,
            photo_id=photo.id,
            field_id=field.id,
            position=_next_position(report.id, field.id),
        )
    )
    _queue_check(photo)
    _mark_started(report)
    _record_received(photo, field, actor)
    return photo


def check_place(*, report_id: UUID, field_id: str, actor: Actor) -> None:
    """Raises NotFound, ReportClosed, NoPhotosHere where no photo may be added."""
    get_photo_field(get_open_report(report_id, person=actor), field_id)


def get_photo_field(report: Report, field_id: str) -> Field:
    """The field that takes photos under this id. Raises NotFound, NoPhotosHere."""
    field = report.version.definition.field(field_id)
    if field is None:
        raise NotFound
    if field.photos.mode is PhotoMode.NONE or not field.photos.max:
        raise NoPhotosHere
    return field


def caption_photo(*, photo_id: UUID, caption: str, actor: Actor) -> PhotoPlacement:
    """Set the words under a photo. Raises NotFound, ReportClosed."""
    placement = _take(photo_id, actor)
    if placement.caption != caption:
        old, placement.caption = placement.caption, caption
        _record("photo.edited", placement, actor, old_caption=old, new_caption=caption)
    return placement


def explain_photo(*, photo_id: UUID, reason: str, actor: Actor) -> PhotoPlacement:
    """Say why a quarantined photo cannot be taken again; it then counts as it is.

    Raises NotFound, ReportClosed, NotQuarantined.
    """
    placement = _take(photo_id, actor)
    reading = placement.photo.reading
    if reading is None or reading.reason is None:
        raise NotQuarantined
    if placement.quarantine_reason != reason:
        old, placement.quarantine_reason = placement.quarantine_reason, reason
        _record("photo.edited", placement, actor, old_reason=old, new_reason=reason)
    return placement


def move_photo(*, photo_id: UUID, step: int, actor: Actor) -> Sequence[PhotoPlacement]:
    """Change places with the photo before (`step` -1) or after (1); at the end nothing happens.

    Returns the placements that changed, the moved one first. Raises NotFound, ReportClosed.
    """
    placement = _take(photo_id, actor)
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
    _record("photo.edited", placement, actor, position=str(placement.position))
    return (placement, other)


def remove_photo(*, photo_id: UUID, actor: Actor) -> PhotoPlacement:
    """Take a photo out of the report; bytes, rows and history stay. Removed already, it stays so.

    Raises NotFound, ReportClosed.
    """
    placement = _take(photo_id, actor, with_removed=True)
    if placement.removed_at is None:
        placement.removed_at = datetime.now(UTC)
        _record("photo.removed", placement, actor)
    return placement


def read_again(*, photo_id: UUID, actor: Actor) -> None:
    """Let the worker try once more what it gave up. Raises NotFound, ReportClosed, StillReading."""
    get_placement(photo_id, person=actor)
    # Work before the report, as everywhere; a report that is closed undoes it.
    check_id = db.session.scalar(
        update(PhotoCheck)
        .where(PhotoCheck.photo_id == photo_id, PhotoCheck.state == WorkState.FAILED)
        .values(
            state=WorkState.QUEUED,
            attempts=0,
            queued_at=func.clock_timestamp(),
            lease_until=None,
            fed_at=None,
            finished_at=None,
            error=None,
        )
        .returning(PhotoCheck.id)
        .execution_options(synchronize_session=False)
    )
    placement = _take(photo_id, actor)
    if check_id is None:
        raise StillReading
    _record("photo.read_again", placement, actor)
    wake(QUEUE, KIND, check_id)


def _kind_of(upload: Upload) -> ImageKind:
    """By the first bytes alone; pixels are never decoded here."""
    with upload.received.path.open("rb") as file:
        kind = sniff(file.read(HEADER_BYTES))
    if upload.sha256 and upload.sha256 != upload.received.sha256:
        raise ArrivedChanged
    if kind is None:
        raise NotAPicture
    return kind


def _own_client_id(report_id: UUID, field_id: str, sha256: str) -> UUID:
    """One that a form posted twice makes again, and a photo that was removed does not."""
    removed = db.session.scalar(
        select(func.count())
        .select_from(PhotoPlacement)
        .join(PhotoPlacement.photo)
        .where(
            PhotoPlacement.report_id == report_id,
            PhotoPlacement.field_id == field_id,
            PhotoPlacement.removed_at.is_not(None),
            Photo.sha256 == sha256,
        )
    )
    return uuid5(report_id, f"{field_id}:{sha256}:{removed}")


def _find_earlier(client_id: UUID, report: Report, field: Field, upload: Upload) -> Photo | None:
    photo = find_by_client_id(client_id)
    is_other = photo and (photo.sha256 != upload.received.sha256 or photo.report_id != report.id)
    if is_other:
        raise ClientIdTaken
    return photo


def _insert(report: Report, client_id: UUID, kept: Kept, actor: Actor) -> Photo:
    upload = kept.upload
    row = {
        "tenant_id": require_tenant(),
        "report_id": report.id,
        "client_id": client_id,
        "sha256": upload.received.sha256,
        "byte_size": upload.received.byte_size,
        "media_type": kept.kind.value,
        "storage_key": kept.key,
        "source": upload.source,
        "latitude": upload.latitude,
        "longitude": upload.longitude,
        "accuracy_m": upload.accuracy_m,
        "position_at": upload.position_at,
        "client_at": upload.client_at,
        "uploaded_by": actor.account_id,
    }
    # Two reports may receive the same id at once: each holds only its own report.
    statement = insert(Photo).values(row).on_conflict_do_nothing().returning(Photo)
    photo = db.session.scalars(statement).one_or_none()
    if photo is None:
        raise ClientIdTaken
    return photo


def _next_position(report_id: UUID, field_id: str) -> int:
    """Never one that a removed photo had: a position names a place on the page for ever."""
    last = db.session.scalar(
        select(func.max(PhotoPlacement.position)).where(
            PhotoPlacement.report_id == report_id, PhotoPlacement.field_id == field_id
        )
    )
    return 0 if last is None else last + 1


def _queue_check(photo: Photo) -> None:
    check = PhotoCheck(photo_id=photo.id)
    db.session.add(check)
    db.session.flush()
    wake(QUEUE, KIND, check.id)


def _mark_started(report: Report) -> None:
    report.updated_at = datetime.now(UTC)
    if report.status is ReportStatus.DRAFT:
        report.status, report.started_at = ReportStatus.IN_PROGRESS, report.updated_at


def _take(photo_id: UUID, actor: Actor, *, with_removed: bool = False) -> PhotoPlacement:
    """The placement, its report locked and open."""
    seen = get_placement(photo_id, person=actor, with_removed=with_removed)
    lock_open_report(seen.report_id, actor=actor).updated_at = datetime.now(UTC)
    return get_placement(photo_id, person=actor, with_removed=with_removed)


def _record_received(photo: Photo, field: Field, actor: Actor) -> None:
    degrees = (photo.latitude, photo.longitude, photo.accuracy_m)
    record(
        action="photo.received",
        actor=actor,
        object_type="report",
        object_id=photo.report_id,
        photo=str(photo.id),
        field=field.id,
        sha256=photo.sha256,
        byte_size=str(photo.byte_size),
        media_type=photo.media_type,
        source=photo.source.value,
        client_id=str(photo.client_id),
        client_at=photo.client_at.isoformat() if photo.client_at else None,
        position=[None if one is None else str(one) for one in degrees],
    )


def _record(action: str, placement: PhotoPlacement, actor: Actor, **facts: str) -> None:
    record(
        action=action,
        actor=actor,
        object_type="report",
        object_id=placement.report_id,
        photo=str(placement.photo_id),
        field=placement.field_id,
        sha256=placement.photo.sha256,
        **facts,
    )
