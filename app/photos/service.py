"""Receiving photos: the bytes are kept once and never change.

Where they stand is for placing.py; reading the bytes and drawing from them is the worker's
(checking.py, drawing.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert

from app.errors import DomainError
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
    WorkState,
)
from app.photos.placing import (
    again_id,
    get_photo_field,
    place,
    record_change,
    require_room,
    take_placement,
)
from app.photos.queries import (
    find_by_client_id,
    find_first_placement,
    find_in_report,
    find_placement,
    get_placement,
    list_places,
    quoted_fields,
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
    metres, times aware. Without a client id nothing tells a repeated upload from a second one.
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


class NotAPicture(DomainError):
    """Only JPEG, PNG and HEIC pictures are accepted as photos."""

    status = 415


class ArrivedChanged(DomainError):
    """The photo arrived different from what was sent. Nothing was stored: send it again."""

    status = 422


class ClientIdTaken(DomainError):
    """Another photo was sent under the same id. Load the page again and add this one once more."""

    status = 409


class PhotoAlreadyHere(DomainError):
    """You already added this photo to %(fields)s. It is kept once."""

    status = 409

    def __init__(self, placement_id: UUID, *, fields: str) -> None:
        super().__init__(fields=fields)
        self.placement_id = placement_id


class StillReading(DomainError):
    """This photo is being read already."""

    status = 409


def add_photo(*, report_id: UUID, field_id: str, upload: Upload, actor: Actor) -> PhotoPlacement:
    """Store the bytes, then the photo at the end of its field; the worker reads it after that.

    Sent again under its client id it answers with the same place. Raises NotFound, ReportClosed,
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


def place_photo(*, report_id: UUID, field_id: str, kept: Kept, actor: Actor) -> PhotoPlacement:
    """The photo of stored bytes, at the end of its field. Raises as `add_photo`.

    Bytes that stand in the report already raise PhotoAlreadyHere; those that were removed from it
    come back as the photo that they were.
    """
    upload = kept.upload
    report = lock_open_report(report_id, actor=actor)
    field = get_photo_field(report, field_id)
    client_id = upload.client_id or uuid4()
    if earlier := _find_earlier(client_id, report, upload):
        return earlier
    known = find_in_report(report.id, upload.received.sha256)
    if known:
        _refuse_standing(known, report)
    require_room(report, field)
    if known:
        placement = place(known, report, field, placement_id=again_id(report, client_id))
        record_change("photo.placed", placement, actor)
        return placement
    photo = _insert(report, client_id, kept, actor)
    placement = place(photo, report, field)
    _queue_check(photo)
    _record_received(photo, placement, actor)
    return placement


def check_place(*, report_id: UUID, field_id: str, actor: Actor) -> None:
    """Raises NotFound, ReportClosed, NoPhotosHere where no photo may be added."""
    get_photo_field(get_open_report(report_id, person=actor), field_id)


def read_again(*, placement_id: UUID, actor: Actor) -> None:
    """Let the worker try once more what it gave up. Raises NotFound, ReportClosed, StillReading."""
    photo_id = get_placement(placement_id, person=actor).photo_id
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
    placement = take_placement(placement_id, actor)
    if check_id is None:
        raise StillReading
    record_change("photo.read_again", placement, actor)
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


def _find_earlier(client_id: UUID, report: Report, upload: Upload) -> PhotoPlacement | None:
    """What an upload under this id made before: the place of a new photo, or one more place."""
    photo = find_by_client_id(client_id)
    if photo and photo.report_id == report.id:
        placement = find_first_placement(photo.id)
    else:
        placement = find_placement(again_id(report, client_id))
        photo = placement.photo if placement else photo
    if photo and (photo.sha256 != upload.received.sha256 or placement is None):
        raise ClientIdTaken
    return placement


def _refuse_standing(photo: Photo, report: Report) -> None:
    """Raise PhotoAlreadyHere where the photo has a place in the report, with all its questions."""
    places = list_places(photo.id, report.id)
    if not places:
        return
    raise PhotoAlreadyHere(places[0].id, fields=quoted_fields(report, places))


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


def _queue_check(photo: Photo) -> None:
    check = PhotoCheck(photo_id=photo.id)
    db.session.add(check)
    db.session.flush()
    wake(QUEUE, KIND, check.id)


def _record_received(photo: Photo, placement: PhotoPlacement, actor: Actor) -> None:
    degrees = (photo.latitude, photo.longitude, photo.accuracy_m)
    record(
        action="photo.received",
        actor=actor,
        object_type="report",
        object_id=photo.report_id,
        photo=str(photo.id),
        placement=str(placement.id),
        field=placement.field_id,
        sha256=photo.sha256,
        byte_size=str(photo.byte_size),
        media_type=photo.media_type,
        source=photo.source.value,
        client_id=str(photo.client_id),
        client_at=photo.client_at.isoformat() if photo.client_at else None,
        position=[None if one is None else str(one) for one in degrees],
    )
