"""Receives photos: their bytes are stored once and never change.

placing.py places them; the worker reads the bytes and draws derivatives (checking.py, drawing.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.dialects.postgresql import insert

from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.imaging.sniff import HEADER_BYTES, ImageKind, sniff
from app.jobs.work import ask, requeue
from app.models import (
    Actor,
    Photo,
    PhotoCheck,
    PhotoPlacement,
    PhotoSource,
    Report,
)
from app.photos.placing import (
    get_photo_field,
    lock_placement,
    place,
    placement_facts,
    repeat_id,
    report_of,
    require_room,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the browser sends about a photo: degrees in WGS 84, accuracy in metres, aware times.

    Without a client id, a repeated upload cannot be recognised.
    """

    client_id: UUID | None = None
    source: PhotoSource = PhotoSource.FILE
    client_at: datetime | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    accuracy_m: Decimal | None = None
    position_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Upload(Claims):
    """A file on local disk and what the browser sent about it.

    `sha256` was computed by the phone (hex, empty if it could not).
    """

    received: Received
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """A photo whose bytes are stored under `key`, and what the browser sent about it.

    No photo's row refers to the bytes yet. `sha256` is of the bytes (hex); `is_confirmed` if the
    phone computed the same.
    """

    key: str
    sha256: str
    byte_size: int
    kind: ImageKind
    claims: Claims
    is_confirmed: bool


class NotAPicture(DomainError):
    """Only JPEG, PNG and HEIC images are accepted as photos."""

    status = 415


class ArrivedChanged(DomainError):
    """The photo received differs from the photo sent. Nothing was saved: send it again."""

    status = 422


class ClientIdTaken(DomainError):
    """Another photo was sent with the same id. Reload the page and add this one again."""

    status = 409


class PhotoAlreadyHere(DomainError):
    """You already added this photo to %(fields)s. It is stored only once."""

    status = 409

    def __init__(self, placement_id: UUID, *, fields: str) -> None:
        super().__init__(fields=fields)
        self.placement_id = placement_id


class StillReading(DomainError):
    """This photo is already being read."""

    status = 409


def add_photo(*, report_id: UUID, field_id: str, upload: Upload, actor: Actor) -> PhotoPlacement:
    """Store the bytes, then place the photo at the end of its field; the worker reads it later.

    A repeated client id returns the same placement. Raises NotFound, ReportClosed,
    StorageFull, StorageUnavailable, ReportTakesNoMorePhotos and the refusals above; there is no
    photo then.
    """
    check_place(report_id=report_id, field_id=field_id, actor=actor)
    kept = store_bytes(upload)
    return place_photo(report_id=report_id, field_id=field_id, kept=kept, actor=actor)


def store_bytes(upload: Upload) -> StoredUpload:
    """Store the bytes outside a transaction, so that no lock waits for slow storage.

    Raises NotAPicture, ArrivedChanged, StorageFull, StorageUnavailable.
    """
    pause()
    if upload.sha256 and upload.sha256 != upload.received.sha256:
        raise ArrivedChanged
    kind = kind_of(upload.received.path)
    key = object_key(require_tenant(), "orig", upload.received.sha256)
    storage().put(key, upload.received.path)
    received = upload.received
    is_confirmed = bool(upload.sha256)
    return StoredUpload(key, received.sha256, received.byte_size, kind, upload, is_confirmed)


def place_photo(
    *, report_id: UUID, field_id: str, kept: StoredUpload, actor: Actor
) -> PhotoPlacement:
    """Place the photo with the stored bytes at the end of its field. Raises the same as
    `add_photo`.

    Raises PhotoAlreadyHere if the bytes are already placed in the report. Bytes that were removed
    from it are placed again as the same photo.
    """
    report = lock_open_report(report_id, actor=actor)
    field = get_photo_field(report, field_id)
    client_id = kept.claims.client_id or uuid4()
    if earlier := _find_earlier(client_id, report, kept.sha256):
        return earlier
    known = find_in_report(report.id, kept.sha256)
    if known:
        _reject_repeat(known, report)
    require_room(report, field)
    if known:
        new_id = repeat_id(report, client_id)
        placement = place(known, report, field, actor=actor, placement_id=new_id)
        record("photo.placed", report, actor, **placement_facts(placement))
        return placement
    photo = _insert(report, client_id, kept, actor)
    placement = place(photo, report, field, actor=actor)
    ask(PhotoCheck(photo_id=photo.id))
    record("photo.received", report, actor, **_received_facts(photo, placement))
    return placement


def kind_of(original: Path) -> ImageKind:
    """The kind of file by its first bytes; pixels are never decoded here. Raises NotAPicture."""
    with original.open("rb") as file:
        kind = sniff(file.read(HEADER_BYTES))
    if kind is None:
        raise NotAPicture
    return kind


def check_place(*, report_id: UUID, field_id: str, actor: Actor) -> None:
    """Raise NotFound, ReportClosed or NoPhotosHere if no photo may be added."""
    get_photo_field(get_open_report(report_id, person=actor), field_id)


def read_again(*, placement_id: UUID, actor: Actor) -> None:
    """Queue a failed reading again. Raises NotFound, ReportClosed, StillReading."""
    photo_id = get_placement(placement_id, person=actor).photo_id
    # Work is locked before the report, as everywhere; a closed report rolls this back.
    is_queued = requeue(PhotoCheck, PhotoCheck.photo_id == photo_id)
    placement = lock_placement(placement_id, actor)
    if not is_queued:
        raise StillReading
    record("photo.read_again", report_of(placement), actor, **placement_facts(placement))


def _find_earlier(client_id: UUID, report: Report, sha256: str) -> PhotoPlacement | None:
    """The placement that an upload with this client id created before, of a new or known photo."""
    photo = find_by_client_id(client_id)
    if photo and photo.report_id == report.id:
        placement = find_first_placement(photo.id)
    else:
        placement = find_placement(repeat_id(report, client_id))
        photo = placement.photo if placement else photo
    if photo and (photo.sha256 != sha256 or placement is None):
        raise ClientIdTaken
    return placement


def _reject_repeat(photo: Photo, report: Report) -> None:
    """Raise PhotoAlreadyHere, with its questions, if the photo is placed in the report."""
    places = list_places(photo.id, report.id)
    if not places:
        return
    raise PhotoAlreadyHere(places[0].id, fields=quoted_fields(report, places))


def _insert(report: Report, client_id: UUID, kept: StoredUpload, actor: Actor) -> Photo:
    claims = kept.claims
    row = {
        "tenant_id": require_tenant(),
        "report_id": report.id,
        "client_id": client_id,
        "sha256": kept.sha256,
        "byte_size": kept.byte_size,
        "media_type": kept.kind.value,
        "storage_key": kept.key,
        "source": claims.source,
        "latitude": claims.latitude,
        "longitude": claims.longitude,
        "accuracy_m": claims.accuracy_m,
        "position_at": claims.position_at,
        "client_at": claims.client_at,
        "uploaded_by": actor.account_id,
        "is_hash_confirmed": kept.is_confirmed,
    }
    # Two reports may receive the same client id at once, because each request locks its own report.
    statement = insert(Photo).values(row).on_conflict_do_nothing().returning(Photo)
    photo = db.session.scalars(statement).one_or_none()
    if photo is None:
        raise ClientIdTaken
    return photo


def _received_facts(photo: Photo, placement: PhotoPlacement) -> dict[str, Any]:
    """The audit facts of a received photo."""
    degrees = (photo.latitude, photo.longitude, photo.accuracy_m)
    return {
        "photo": str(photo.id),
        "placement": str(placement.id),
        "field": placement.field_id,
        "sha256": photo.sha256,
        "byte_size": str(photo.byte_size),
        "media_type": photo.media_type,
        "source": photo.source.value,
        "client_id": str(photo.client_id),
        "client_at": photo.client_at.isoformat() if photo.client_at else None,
        "position": [None if one is None else str(one) for one in degrees],
    }
