"""Receives a photo in pieces, each stored as a part, and puts the whole original at the end.

No storage is used inside a transaction: a piece is stored first; then its upload is locked, and the
piece counts only if the upload is still where the piece begins. A part that lost this race is
swept. A complete upload is in no report yet: an operation places it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.errors import DomainError
from app.extensions import db
from app.locks import Turn, lock_row, take_turn
from app.models import Actor, PhotoPart, PhotoUpload, UploadState
from app.photos.service import ClientIdTaken, NotAPicture, kind_of
from app.reports.locking import require_open
from app.reports.queries import get_open_report, get_report
from app.storage import (
    CHUNK,
    CorruptObject,
    Incoming,
    MissingObject,
    Received,
    StorageUnavailable,
    new_part_key,
    object_key,
    storage,
)
from app.tenancy import require_tenant
from app.transactions import pause
from app.uploads.queries import count_parts, count_waiting, find_upload, get_upload, list_parts

# A phone sends its photos one after the other, so few of them wait for their place in a report.
MOST_WAITING = 300
# A photo of 30 MB would take as many cuts. More of them only cost requests and files.
MOST_PARTS = 1000
DROPPED_AT_ONCE = 200
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class NewUpload:
    """What a phone announces: its id of the photo, the report, the SHA-256 (hex) and the bytes."""

    client_id: UUID
    report_id: UUID
    sha256: str
    byte_size: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The next byte that the upload expects. `stale` are keys of parts to delete after the commit,
    `refusal` says why the upload starts again."""

    offset: int
    stale: Sequence[str] = ()
    refusal: DomainError | None = None


class WrongOffset(DomainError):
    """The server has other parts of this photo than the device assumed. The upload goes on where
    the server is."""

    status = 409

    def __init__(self, offset: int) -> None:
        super().__init__()
        self.offset = offset


class LongerThanAnnounced(DomainError):
    """More was sent than belongs to this photo, so nothing of it was saved. Send it again."""

    status = 413


class PhotoTooLarge(DomainError):
    """That is %(sent)s MB. An upload can have at most %(size)s MB."""

    status = 413


class ArrivedDamaged(DomainError):
    """The photo received differs from the photo on your device. It is sent again from the start."""

    status = 460


class TooManyParts(DomainError):
    """This photo arrived in too many small parts. Send it again, with a better connection."""

    status = 422


class TooManyUploads(DomainError):
    """Photos that you sent and that are in no report yet: %(most)s, the most at once. This one
    stays on your device until some of them are in their reports."""

    status = 429
    retry_after = 60


def begin(*, new: NewUpload, most_bytes: int, actor: Actor) -> PhotoUpload:
    """Announce a photo. The same announcement again returns the same upload.

    Raises NotFound, ReportClosed, ClientIdTaken, PhotoTooLarge, TooManyUploads.
    """
    report = get_report(new.report_id, person=actor)
    if earlier := find_upload(new.client_id):
        _require_same(earlier, new, actor)
        # A complete upload is shown after the report was closed, too: its placement may be known.
        if earlier.state is UploadState.OPEN:
            require_open(report)
        return earlier
    require_open(report)
    if new.byte_size > most_bytes:
        raise PhotoTooLarge(sent=_megabytes(new.byte_size), size=_megabytes(most_bytes))
    _require_room(actor)
    return _insert(new, actor)


def expect_piece(*, client_id: UUID, offset: int, actor: Actor) -> PhotoUpload:
    """Check, before a body is read, that it belongs at `offset`.

    Raises NotFound, WrongOffset, ReportClosed.
    """
    upload = get_upload(client_id, person=actor)
    if offset != upload.received:
        raise WrongOffset(upload.received)
    if upload.state is UploadState.OPEN:
        get_open_report(upload.report_id, person=actor)
    return upload


def add_piece(upload: PhotoUpload, piece: Received) -> Outcome:
    """Add the bytes that follow those received so far; the last ones complete the upload.

    `upload` is as it was when its piece was expected. Raises LongerThanAnnounced, WrongOffset,
    TooManyParts, NotFound, StorageFull, StorageUnavailable; nothing is added then.
    """
    pause()
    missing = upload.byte_size - upload.received
    if piece.byte_size > missing:
        raise LongerThanAnnounced
    if piece.byte_size == missing:
        return _complete(upload, piece)
    key = new_part_key(require_tenant(), piece.sha256)
    storage().put(key, piece.path)
    return _add_part(upload, piece, key)


def delete_parts(keys: Sequence[str]) -> None:
    """Delete parts whose rows are gone. What the storage does not delete now is swept."""
    with suppress(StorageUnavailable):
        for key in keys:
            storage().delete(key)


def find_complete(
    *, client_id: UUID, report_id: UUID, sha256: str, actor: Actor
) -> PhotoUpload | None:
    """The actor's upload of exactly these bytes for this report, if all of them have arrived."""
    return db.session.scalars(
        select(PhotoUpload).where(
            PhotoUpload.client_id == client_id,
            PhotoUpload.report_id == report_id,
            PhotoUpload.sha256 == sha256,
            PhotoUpload.account_id == actor.account_id,
            PhotoUpload.state != UploadState.OPEN,
        )
    ).one_or_none()


def mark_placed(upload_id: UUID) -> None:
    """Note that the report has the bytes of a complete upload. The report is locked before."""
    lock_row(PhotoUpload, upload_id).state = UploadState.PLACED


def drop_abandoned(*, before: datetime) -> Sequence[str] | None:
    """Delete some uploads of the bound tenant that were last changed before then.

    Returns the keys that they named, or None if there are no such uploads.
    """
    abandoned = (
        select(PhotoUpload.id, PhotoUpload.storage_key)
        .where(PhotoUpload.updated_at < before)
        .limit(DROPPED_AT_ONCE)
        .with_for_update(key_share=True, skip_locked=True)
    )
    originals = {row.id: row.storage_key for row in db.session.execute(abandoned)}
    if not originals:
        return None
    parts = _delete_parts_of(*originals)
    db.session.execute(delete(PhotoUpload).where(PhotoUpload.id.in_(originals)))
    return [*parts, *filter(None, originals.values())]


def _require_same(earlier: PhotoUpload, new: NewUpload, actor: Actor) -> None:
    known = (earlier.account_id, earlier.report_id, earlier.sha256, earlier.byte_size)
    if known != (actor.account_id, new.report_id, new.sha256, new.byte_size):
        raise ClientIdTaken


def _require_room(actor: Actor) -> None:
    take_turn(Turn.LIMIT, f"uploads {actor.account_id}")
    if count_waiting(actor.account_id) >= MOST_WAITING:
        raise TooManyUploads(most=MOST_WAITING)


def _insert(new: NewUpload, actor: Actor) -> PhotoUpload:
    row = {
        "tenant_id": require_tenant(),
        "client_id": new.client_id,
        "account_id": actor.account_id,
        "report_id": new.report_id,
        "sha256": new.sha256,
        "byte_size": new.byte_size,
    }
    statement = insert(PhotoUpload).values(row).on_conflict_do_nothing().returning(PhotoUpload)
    if upload := db.session.scalars(statement).one_or_none():
        return upload
    # Another request took the id since `begin` looked for it.
    earlier = find_upload(new.client_id)
    if earlier is None:
        raise ClientIdTaken
    _require_same(earlier, new, actor)
    return earlier


def _add_part(upload: PhotoUpload, piece: Received, key: str) -> Outcome:
    locked = _lock(upload)
    if count_parts(locked.id) >= MOST_PARTS:
        raise TooManyParts
    part = PhotoPart(
        upload_id=locked.id,
        first_byte=locked.received,
        byte_size=piece.byte_size,
        storage_key=key,
    )
    db.session.add(part)
    locked.received += piece.byte_size
    return Outcome(locked.received)


def _complete(upload: PhotoUpload, last: Received) -> Outcome:
    keys = [part.storage_key for part in list_parts(upload.id)]
    pause()
    key = object_key(require_tenant(), "orig", upload.sha256)
    try:
        with _assembled(keys, last) as whole:
            if whole.sha256 != upload.sha256:
                raise ArrivedDamaged
            kind = kind_of(whole.path)
            storage().put(key, whole.path)
    except (ArrivedDamaged, NotAPicture) as refusal:
        locked = _lock(upload)
        locked.received = 0
        return Outcome(0, _delete_parts_of(locked.id), refusal)
    locked = _lock(upload)
    locked.received = locked.byte_size
    locked.state = UploadState.COMPLETE
    locked.media_type = kind.value
    locked.storage_key = key
    return Outcome(locked.received, _delete_parts_of(locked.id))


@contextmanager
def _assembled(keys: Sequence[str], last: Received) -> Iterator[Received]:
    """All bytes on local disk: the parts with these keys, then the last piece.

    A part may be missing after a restore. Raises ArrivedDamaged, StorageFull, StorageUnavailable.
    """
    if not keys:
        yield last
        return
    with Incoming() as file:
        for key in keys:
            try:
                part = storage().open(key)
            except (MissingObject, CorruptObject) as error:
                raise ArrivedDamaged from error
            with part:
                shutil.copyfileobj(part, file, CHUNK)
        with last.path.open("rb") as piece:
            shutil.copyfileobj(piece, file, CHUNK)
        yield file.received()


def _lock(upload: PhotoUpload) -> PhotoUpload:
    """Lock the upload, which must be as it was. Raises WrongOffset, NotFound."""
    locked = lock_row(PhotoUpload, upload.id)
    if (locked.state, locked.received) != (upload.state, upload.received):
        raise WrongOffset(locked.received)
    return locked


def _delete_parts_of(*upload_ids: UUID) -> Sequence[str]:
    """Delete the parts' rows; returns their keys."""
    statement = delete(PhotoPart).where(PhotoPart.upload_id.in_(upload_ids))
    return db.session.scalars(statement.returning(PhotoPart.storage_key)).all()


def _megabytes(size: int) -> Decimal:
    return (Decimal(size) / MIB).quantize(Decimal("0.1"))
