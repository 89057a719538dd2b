"""Reads a photo's EXIF from the original bytes into validated values with notes.

A reading is what the file claims: anybody can edit EXIF. It is stored next to the times and
positions of the browser and the server, and never corrected. Nothing here opens pixels.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from exifread.core.exif_header import ExifHeader
from exifread.core.ifd_tag import IfdTag

from app.imaging import exif_values as values
from app.imaging.exif_block import find_exif_block
from app.imaging.heif import DamagedContainerError
from app.imaging.notes import Note

Value = TypeVar("Value")

PARSER_VERSION = "2"
"""Raise when the same bytes may give another reading."""

# Reading a phone's EXIF takes about 300 small reads. The limits stop a hostile file, whose
# overlapping entries could request gigabytes, after about 50 ms.
_MAX_READS = 20_000
_MAX_READ_BYTES = 2 << 20

_MAX_RAW_ENTRIES = 150
_MAX_RAW_TEXT = 300
_MAX_RAW_TOTAL = 24_000
_MAX_NAME = 200

# Tags of EXIF 2.31 and later that exifread does not know.
_NAMES = {"GPS Tag 0x001F": "GPS GPSHPositioningError"}

# exifread warns once per odd slice; a hostile file has tens of thousands of them.
logging.getLogger("exifread").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class ExifReading:
    """The EXIF data: validated values, None when unknown, with notes on anything unusual.

    `taken_at` is naive: the camera's own clock; `taken_offset` is its offset from UTC like
    '-03:00' when the file has one. Degrees are WGS 84, lengths in metres, `gps_at` aware UTC.
    `raw` holds every readable tag except maker notes and thumbnails, as short texts.
    """

    taken_at: datetime | None = None
    taken_offset: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude_m: float | None = None
    accuracy_m: float | None = None
    gps_at: datetime | None = None
    orientation: int | None = None
    make: str | None = None
    model: str | None = None
    software: str | None = None
    raw: dict[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    @property
    def device(self) -> str | None:
        """Make and model as one name, without repeating the make ('Canon EOS 40D')."""
        make, model = self.make or "", self.model or ""
        if model.casefold().startswith(make.casefold()):
            return model or None
        return f"{make} {model}".strip()


def read_exif(path: Path) -> ExifReading:
    """Read the EXIF of a JPEG, PNG or HEIC file; unusual EXIF gives notes, never an error.

    Takes well under a second for any file. Raises OSError only when the file cannot be read.
    """
    with path.open("rb") as file:
        try:
            block = find_exif_block(file)
        except DamagedContainerError:
            return ExifReading(notes=(Note.EXIF_DAMAGED, Note.TIME_MISSING, Note.GPS_MISSING))
    if block is None:
        return ExifReading(notes=(Note.EXIF_MISSING, Note.TIME_MISSING, Note.GPS_MISSING))
    return read_exif_block(block)


def read_exif_block(block: bytes) -> ExifReading:
    """Read an EXIF block, which is a small TIFF file; never raises."""
    tags, notes = _tags_of(block)
    taken_at, taken_offset = _read_taken(tags, notes)
    latitude, longitude = _read_place(tags, notes)
    raw = _raw_of(tags, notes)
    return ExifReading(
        taken_at=taken_at,
        taken_offset=taken_offset,
        latitude=latitude,
        longitude=longitude,
        altitude_m=_read_altitude(tags, notes),
        accuracy_m=_read_accuracy(tags, notes),
        gps_at=_read_gps_clock(tags, notes),
        orientation=_read_orientation(tags, notes),
        make=_name(tags, "Image Make"),
        model=_name(tags, "Image Model"),
        software=_name(tags, "Image Software"),
        raw=raw,
        notes=tuple(dict.fromkeys(notes)),
    )


class _ReadingTooLongError(Exception):
    """A block requires more work than any camera's EXIF."""


class _MeteredBytes(io.BytesIO):
    """Bytes with a limit on the number of reads and on the bytes read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._reads_left = _MAX_READS
        self._bytes_left = _MAX_READ_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self._reads_left -= 1
        self._bytes_left -= len(data)
        if self._reads_left < 0 or self._bytes_left < 0:
            raise _ReadingTooLongError
        return data


class _TolerantHeader(ExifHeader):
    """Exifread's reader, changed to skip a bad entry instead of losing the whole block."""

    is_damaged = False

    def _process_tag(self, *args: Any, **kwargs: Any) -> None:
        try:
            super()._process_tag(*args, **kwargs)
        except _ReadingTooLongError:
            raise
        except Exception:  # exifread raises many types on bad data
            self.is_damaged = True

    def read_directories(self) -> None:
        """Read the picture's directory and those it refers to, except the thumbnail's."""
        self.dump_ifd(self._first_ifd(), "Image")
        pointer = self.tags.get("Image ExifOffset")
        if pointer is not None and pointer.values:
            self.dump_ifd(pointer.values[0], "EXIF")


def _tags_of(block: bytes) -> tuple[dict[str, IfdTag], list[Note]]:
    header = _TolerantHeader(
        _MeteredBytes(block), chr(block[0]) if block else "M", 0, 0, strict=False, detailed=False
    )
    notes: list[Note] = []
    try:
        header.read_directories()
    except _ReadingTooLongError:
        notes.append(Note.EXIF_CUT)
    except Exception:  # as above: what was read so far is kept
        header.is_damaged = True
    if header.is_damaged:
        notes.append(Note.EXIF_DAMAGED)
    return {_NAMES.get(name, name): tag for name, tag in header.tags.items()}, notes


def _list(tags: Mapping[str, IfdTag], name: str) -> list[object]:
    tag = tags.get(name)
    return tag.values if tag is not None and isinstance(tag.values, list) else []


def _first(tags: Mapping[str, IfdTag], name: str) -> object:
    found = _list(tags, name)
    return found[0] if found else None


def _text(tags: Mapping[str, IfdTag], name: str) -> str:
    tag = tags.get(name)
    if tag is None or not isinstance(tag.values, str | bytes):
        return ""
    return values.clean_text(tag.values, _MAX_NAME)


def _name(tags: Mapping[str, IfdTag], name: str) -> str | None:
    return _text(tags, name) or None


def _read_taken(
    tags: Mapping[str, IfdTag], notes: list[Note]
) -> tuple[datetime | None, str | None]:
    """DateTimeOriginal with its offset; DateTimeDigitized when that is blank or unreadable.

    Never 'Image DateTime', the time of the last change by a program.
    """
    for kind in ("Original", "Digitized"):
        text = _text(tags, f"EXIF DateTime{kind}")
        if values.is_blank(text):
            continue
        clock = values.parse_clock(text)
        if clock is None:
            notes.append(Note.TIME_INVALID)
            continue
        notes += _clock_notes(kind, clock)
        return clock.at, _read_offset(_text(tags, f"EXIF OffsetTime{kind}"), clock, notes)
    if Note.TIME_INVALID not in notes:
        notes.append(Note.TIME_MISSING)
    if values.parse_clock(_text(tags, "Image DateTime")):
        notes.append(Note.TIME_CHANGED)
    return None, None


def _clock_notes(kind: str, clock: values.Clock) -> list[Note]:
    found = {
        Note.TIME_DIGITIZED: kind == "Digitized",
        Note.TIME_HOUR_24: clock.is_hour_24,
        Note.TIME_NO_SECONDS: not clock.has_seconds,
        Note.OFFSET_INVALID: clock.is_offset_lost,
    }
    return [note for note, is_so in found.items() if is_so]


def _read_offset(text: str, clock: values.Clock, notes: list[Note]) -> str | None:
    """The offset from its own tag or from the clock's text; None if they contradict each other."""
    if values.is_blank(text):
        return clock.offset
    offset = values.parse_offset(text)
    if offset is None:
        notes.append(Note.OFFSET_INVALID)
    if offset and clock.offset and offset != clock.offset:
        notes.append(Note.OFFSET_CONFLICT)
        return None
    return offset or clock.offset


def _read_place(tags: Mapping[str, IfdTag], notes: list[Note]) -> tuple[float | None, float | None]:
    latitudes, longitudes = _list(tags, "GPS GPSLatitude"), _list(tags, "GPS GPSLongitude")
    if not ({"GPS GPSLatitude", "GPS GPSLongitude"} & tags.keys()):
        notes.append(Note.GPS_MISSING)
        return None, None
    latitude = values.parse_degrees(latitudes, _text(tags, "GPS GPSLatitudeRef"), "N", 90)
    longitude = values.parse_degrees(longitudes, _text(tags, "GPS GPSLongitudeRef"), "E", 180)
    # Phones write exactly 0, 0 before their first fix; it is never a real position.
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        notes.append(Note.GPS_INVALID)
        return None, None
    if _text(tags, "GPS GPSStatus").upper() == "V":
        notes.append(Note.GPS_VOID)
    return latitude, longitude


def _read(
    value: object, parse: Callable[[object], Value | None], invalid: Note, notes: list[Note]
) -> Value | None:
    """The parsed value; None if absent, and None with the note `invalid` if it is invalid."""
    if value is None:
        return None
    parsed = parse(value)
    if parsed is None:
        notes.append(invalid)
    return parsed


def _read_altitude(tags: Mapping[str, IfdTag], notes: list[Note]) -> float | None:
    reference = _first(tags, "GPS GPSAltitudeRef")
    return _read(
        _first(tags, "GPS GPSAltitude"),
        lambda value: values.parse_altitude(value, reference),
        Note.ALTITUDE_INVALID,
        notes,
    )


def _read_accuracy(tags: Mapping[str, IfdTag], notes: list[Note]) -> float | None:
    value = _first(tags, "GPS GPSHPositioningError")
    return _read(value, values.parse_accuracy, Note.ACCURACY_INVALID, notes)


def _read_gps_clock(tags: Mapping[str, IfdTag], notes: list[Note]) -> datetime | None:
    date, clock = _text(tags, "GPS GPSDate"), _list(tags, "GPS GPSTimeStamp")
    if values.is_blank(date) or not clock:
        return None
    gps_at = values.parse_gps_clock(date, clock)
    if gps_at is None:
        notes.append(Note.GPS_TIME_INVALID)
    return gps_at


def _read_orientation(tags: Mapping[str, IfdTag], notes: list[Note]) -> int | None:
    value = _first(tags, "Image Orientation")
    return _read(value, values.parse_orientation, Note.ORIENTATION_INVALID, notes)


def _raw_of(tags: Mapping[str, IfdTag], notes: list[Note]) -> dict[str, str]:
    """Every tag as a short text, in file order, up to the limits."""
    raw: dict[str, str] = {}
    total = 0
    for name, tag in tags.items():
        value = tag.values if isinstance(tag.values, str | bytes) else tag.printable
        text = values.clean_text(value, _MAX_RAW_TEXT)
        total += len(name) + len(text)
        if len(raw) == _MAX_RAW_ENTRIES or total > _MAX_RAW_TOTAL:
            notes.append(Note.RAW_CUT)
            break
        raw[name] = text
    return raw
