"""Reads a photo: checks its bytes, reads the EXIF data, decodes it and draws its derivatives.

The work of kind 'photo_check', for workers only. A file is quarantined only if its pixels cannot be
decoded, never because of its EXIF data.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from app.extensions import db
from app.imaging.decode import Reason, UndecodableImage
from app.imaging.exif import PARSER_VERSION, ExifReading, read_exif
from app.imaging.notes import Note
from app.jobs.registry import Claim
from app.jobs.runner import WorkFailed, publish
from app.models import Photo, PhotoCheck, PhotoReading, PhotoVerdict, Report, Version
from app.photos.comparisons import plan_comparison
from app.photos.drawing import Drawing, DrawingOrder, add_rows, draw, local_logo
from app.photos.strip import StripFrame, frame_of, strip_text
from app.storage import CorruptObject, MissingObject, storage
from app.surroundings import surroundings_of
from app.tenancy import require_tenant

# On a busy machine any picture may exceed the limits, so only a repeated failure counts.
TRIES_WHEN_HEAVY = 3
DEVICE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class PhotoInput:
    """The rows that the work needs; the photo is detached from the session, with all columns."""

    photo: Photo
    frame: StripFrame


@dataclass(frozen=True, slots=True)
class PhotoResult:
    """The result of reading the bytes: a drawing, or the reason why there is none."""

    exif: ExifReading
    drawing: Drawing | None
    reason: Reason | None

    @property
    def notes(self) -> list[str]:
        """The codes of the notes, damaged pixels first."""
        is_damaged = self.drawing is not None and self.drawing.is_damaged
        return [note.value for note in ((Note.DAMAGED,) if is_damaged else ()) + self.exif.notes]


def check_photo(claim: Claim) -> None:
    """Carry out a photo_check. Repeating it adds nothing.

    Raises WorkFailed if the stored bytes are missing or were changed.
    """
    photo_input = _load(claim.id)
    with TemporaryDirectory(prefix="laudo-photo-") as folder:
        original = _intact_original(photo_input.photo, Path(folder))
        result = _examine(photo_input, original, Path(folder), claim.attempt)
    with publish(PhotoCheck, claim):
        _add_reading(photo_input.photo.id, result)
        if result.drawing:
            add_rows(result.drawing.drawn)
            plan_comparison(photo_input.photo.id)


def _load(check_id: UUID) -> PhotoInput:
    photo = db.session.scalars(
        select(Photo)
        .join(PhotoCheck, PhotoCheck.photo_id == Photo.id)
        .where(PhotoCheck.id == check_id)
    ).one()
    report = db.session.scalars(
        select(Report)
        .where(Report.id == photo.report_id)
        .options(
            joinedload(Report.project), joinedload(Report.version).joinedload(Version.checklist)
        )
    ).one()
    photo_input = PhotoInput(photo, frame_of(report, surroundings_of(report.project)))
    db.session.expunge(photo)
    # Decoding takes seconds; no transaction may stay open that long.
    db.session.rollback()
    return photo_input


def _intact_original(photo: Photo, folder: Path) -> Path:
    try:
        return storage().local_path(photo.storage_key, folder)
    except MissingObject as error:
        raise WorkFailed("bytes_missing") from error
    except CorruptObject as error:
        raise WorkFailed("bytes_changed") from error


def _examine(photo_input: PhotoInput, original: Path, folder: Path, attempt: int) -> PhotoResult:
    exif = read_exif(original)
    photo, frame = photo_input.photo, photo_input.frame
    strip = strip_text(photo, reading_of(photo.id, exif), frame)
    order = DrawingOrder(photo.id, photo.storage_key, strip)
    logo = local_logo(frame.logo_key, folder)
    try:
        return PhotoResult(exif, draw(order, original, logo, frame.watermark.style, folder), None)
    except UndecodableImage as error:
        if error.reason is Reason.TOO_HEAVY and attempt < TRIES_WHEN_HEAVY:
            raise
        return PhotoResult(exif, None, error.reason)


def reading_of(photo_id: UUID, exif: ExifReading) -> PhotoReading:
    """The EXIF data as columns; the verdict is not known yet."""
    return PhotoReading(
        photo_id=photo_id,
        orientation=exif.orientation,
        taken_at=exif.taken_at.isoformat(timespec="seconds") if exif.taken_at else None,
        taken_offset=exif.taken_offset,
        latitude=_decimal(exif.latitude, "0.000001"),
        longitude=_decimal(exif.longitude, "0.000001"),
        altitude_m=_decimal(exif.altitude_m, "0.1"),
        accuracy_m=_decimal(exif.accuracy_m, "0.1"),
        device=exif.device[:DEVICE_LENGTH] if exif.device else None,
        exif=exif.raw,
        notes=[note.value for note in exif.notes],
        parser_version=PARSER_VERSION,
    )


COLUMNS = (
    "orientation",
    "taken_at",
    "taken_offset",
    "latitude",
    "longitude",
    "altitude_m",
    "accuracy_m",
    "device",
    "exif",
    "notes",
    "parser_version",
)


def _add_reading(photo_id: UUID, result: PhotoResult) -> None:
    reading = reading_of(photo_id, result.exif)
    verdict = PhotoVerdict.QUARANTINED if result.reason else PhotoVerdict.GOOD
    row = {
        "tenant_id": require_tenant(),
        "photo_id": photo_id,
        "verdict": verdict,
        "reason": result.reason.value if result.reason else None,
        "width": result.drawing.width if result.drawing else None,
        "height": result.drawing.height if result.drawing else None,
        **{name: getattr(reading, name) for name in COLUMNS},
        "notes": result.notes,
    }
    db.session.execute(insert(PhotoReading).values(row).on_conflict_do_nothing())


def _decimal(number: float | None, step: str) -> Decimal | None:
    return None if number is None else Decimal(repr(number)).quantize(Decimal(step))
