"""Turns single EXIF values into checked Python values; None whenever a value makes no sense.

Pure functions, one per kind of value, without knowledge of tags or files. Nothing is guessed:
a coordinate without its hemisphere, an x/0 or a month 13 is unknown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

_CLOCK = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.\d+)?", re.ASCII)
_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)

# EXIF dates from 1995; a clock outside of these years was never set.
_YEARS = range(1990, 2101)
_LOWEST_M, _HIGHEST_M = -11_000.0, 50_000.0
_WORST_ACCURACY_M = 100_000.0


def to_number(value: object) -> float | None:
    """Return a rational, integer or float as a finite float; None for x/0, NaN and the rest.

    Exifread gives a rational as a Fraction whose denominator may be 0, a float as a 1-tuple.
    """
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)  # type: ignore[arg-type]  # anything odd raises and is None
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) else None


def is_blank(text: str) -> bool:
    """Whether a clock text is EXIF's "unknown": nothing but blanks and colons."""
    return not text.strip(" :\t\x00")


def parse_clock(text: str) -> datetime | None:
    """Parse 'YYYY:MM:DD HH:MM:SS' (also with hyphens) to a naive local datetime."""
    match = _CLOCK.fullmatch(text.strip(" \t\x00"))
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups())
    return _datetime(year, month, day, hour, minute, second)


def _datetime(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
) -> datetime | None:
    if year not in _YEARS:
        return None
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  a camera's own clock
    except ValueError:
        return None


def parse_offset(text: str) -> str | None:
    """Check an offset from UTC: '-03:00' as it is, 'Z' as '+00:00', at most 14 hours."""
    text = text.strip(" \t\x00")
    if text == "Z":
        return "+00:00"
    match = _OFFSET.fullmatch(text)
    if not match:
        return None
    hours, minutes = int(match[2]), int(match[3])
    return text if minutes < 60 and hours * 60 + minutes <= 14 * 60 else None


def parse_degrees(values: Sequence[object], ref: str, positive: str, limit: int) -> float | None:
    """Turn degrees, minutes, seconds and a hemisphere to signed degrees.

    `positive` is the letter of the positive hemisphere ('N' or 'E'), `limit` is 90 or 180.
    """
    negative = {"N": "S", "E": "W"}[positive]
    letter = ref.strip(" \t\x00").upper()
    if letter not in (positive, negative) or len(values) != 3:
        return None
    parts = [to_number(value) for value in values]
    degrees, minutes, seconds = parts
    if degrees is None or minutes is None or seconds is None:
        return None
    # 60 itself is what some receivers write when they round up.
    if degrees < 0 or not 0 <= minutes <= 60 or not 0 <= seconds <= 60:
        return None
    result = degrees + minutes / 60 + seconds / 3600
    if result > limit:
        return None
    return result if letter == positive else -result


def parse_gps_clock(date: str, values: Sequence[object]) -> datetime | None:
    """Join GPSDateStamp and GPSTimeStamp (hours, minutes, seconds) to an aware UTC datetime."""
    match = _DATE.fullmatch(date.strip(" \t\x00"))
    parts = [to_number(value) for value in values]
    if not match or len(parts) != 3:
        return None
    year, month, date_of_month = (int(part) for part in match.groups())
    day = _datetime(year, month, date_of_month)
    hours, minutes, seconds = parts
    if day is None or hours is None or minutes is None or seconds is None:
        return None
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 61):
        return None
    return day.replace(tzinfo=UTC) + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def parse_altitude(value: object, ref: object) -> float | None:
    """Turn GPSAltitude and its reference to metres, negative below the sea level.

    References 0 and 2 are above, 1 and 3 below (EXIF 3.0); a missing one means above, which
    is the tag's default.
    """
    metres = to_number(value)
    sign = {None: 1, 0: 1, 2: 1, 1: -1, 3: -1}.get(ref if isinstance(ref, int) else None)
    if metres is None or sign is None or (ref is not None and not isinstance(ref, int)):
        return None
    metres *= sign
    return metres if _LOWEST_M <= metres <= _HIGHEST_M else None


def parse_accuracy(value: object) -> float | None:
    """Check GPSHPositioningError, in metres: above 0, at most 100 km."""
    metres = to_number(value)
    return metres if metres is not None and 0 < metres <= _WORST_ACCURACY_M else None


def parse_orientation(value: object) -> int | None:
    """Check EXIF's orientation: an integer of 1 to 8."""
    return value if isinstance(value, int) and 1 <= value <= 8 else None


def clean_text(value: object, limit: int) -> str:
    """Make text or bytes safe to store and print: one line, printable, at most `limit` long.

    Bytes that are no UTF-8 are read as Latin-1, which is what old cameras write.
    """
    if isinstance(value, bytes):
        value = value[: limit * 4]
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            text = value.decode("latin-1")
    else:
        text = str(value)
    text = "".join(char if char.isprintable() else " " for char in text[: limit * 4])
    return " ".join(text.split())[:limit]
