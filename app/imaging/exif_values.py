"""Converts single EXIF values to validated Python values; None if a value makes no sense.

Pure functions, one per kind of value, without knowledge of tags or files. Nothing is guessed:
a coordinate without its hemisphere, an x/0 or a month 13 is unknown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# Year first, so that a day is never read as a month; the same separator twice. Some cameras pad
# a number with a blank instead of a zero.
_DAY = r"(?P<year>\d{4})(?P<sign>[:/.-])(?P<month>[ ]?\d{1,2})(?P=sign)(?P<day>[ ]?\d{1,2})"
_HOUR = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d*)?)?"
_HALF = r"(?:[ ]?(?P<half>[AaPp])\.?[Mm]\.?)?"
_ZONE = r"[ ]?(?P<offset>[+\-\u2212A-Za-z].*)?"
_CLOCK = re.compile(rf"{_DAY}(?:[ ]+|[ ]?[Tt][ ]?){_HOUR}{_HALF}{_ZONE}", re.ASCII)
_DATE = re.compile(_DAY, re.ASCII)
_OFFSET = re.compile(
    r"(?:UTC|GMT)?[ ]?(?P<sign>[+\-\u2212])(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?", re.ASCII
)
_NO_OFFSET = frozenset({"Z", "UTC", "GMT"})
_PADDING = " \t\x00"

# EXIF dates from 1995; a clock outside these years was never set.
_YEARS = range(1990, 2101)
# Letters and words that name one hemisphere in English or Portuguese. Not 'O', which is west in
# Portuguese and east in German.
_HEMISPHERES: Mapping[str, Mapping[str, int]] = {
    "N": {"N": 1, "NORTH": 1, "NORTE": 1, "S": -1, "SOUTH": -1, "SUL": -1},
    "E": {"E": 1, "EAST": 1, "LESTE": 1, "W": -1, "WEST": -1, "OESTE": -1},
}
_LOWEST_M, _HIGHEST_M = -11_000.0, 50_000.0
_WORST_ACCURACY_M = 100_000.0


def to_number(value: object) -> float | None:
    """Return a rational, integer or float as a finite float; None for x/0, NaN and all else.

    Exifread returns a rational as a Fraction whose denominator may be 0, a float as a 1-tuple.
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


@dataclass(frozen=True, slots=True)
class Clock:
    """A camera's clock: naive `at`, and the offset in the same text ('-03:00').

    `is_offset_lost`: the text continues after the time with something that is not an offset.
    """

    at: datetime
    offset: str | None = None
    is_offset_lost: bool = False
    is_hour_24: bool = False
    has_seconds: bool = True


def is_blank(text: str) -> bool:
    """Whether a text is EXIF's "unknown": only blanks and colons."""
    return not text.strip(" :\t\x00")


def parse_clock(text: str) -> Clock | None:
    """Parse 'YYYY:MM:DD HH:MM:SS' and the variants that cameras write, if the year comes first.

    Accepts hyphens, slashes or dots, 'T', fractions, AM or PM, missing seconds, and a trailing
    offset. Hour 24 is hour 0 of the next day.
    """
    match = _CLOCK.fullmatch(text.strip(_PADDING))
    if not match:
        return None
    day = _day_of(match)
    hour = _hour_of(int(match["hour"]), match["half"])
    minute, second = int(match["minute"]), int(match["second"] or 0)
    if day is None or hour is None or minute > 59 or second > 59:
        return None
    offset = parse_offset(match["offset"]) if match["offset"] else None
    return Clock(
        at=day + timedelta(hours=hour, minutes=minute, seconds=second),
        offset=offset,
        is_offset_lost=bool(match["offset"]) and offset is None,
        is_hour_24=hour == 24,
        has_seconds=match["second"] is not None,
    )


def _hour_of(hour: int, half: str | None) -> int | None:
    """An hour of 0 to 24; `half` is the first letter of AM or PM, with hours from 1 to 12."""
    if half is None:
        return hour if hour <= 24 else None
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + (12 if half in "Pp" else 0)


def _day_of(match: re.Match[str]) -> datetime | None:
    year, month, day = (int(match[part]) for part in ("year", "month", "day"))
    if year not in _YEARS:
        return None
    try:
        return datetime(year, month, day)  # noqa: DTZ001  a camera's own clock
    except ValueError:
        return None


def parse_offset(text: str) -> str | None:
    """Normalise an offset from UTC to '-03:00', from '-0300', '-3:00' or 'UTC-3'; 'Z' is '+00:00'.

    At most 14 hours.
    """
    text = text.strip(_PADDING).upper()
    if text in _NO_OFFSET:
        return "+00:00"
    match = _OFFSET.fullmatch(text)
    if not match:
        return None
    hours, minutes = int(match["hours"]), int(match["minutes"] or 0)
    if minutes > 59 or hours * 60 + minutes > 14 * 60:
        return None
    return f"{'+' if match['sign'] == '+' else '-'}{hours:02d}:{minutes:02d}"


def parse_degrees(values: Sequence[object], ref: str, positive: str, limit: int) -> float | None:
    """Convert degrees, minutes, seconds and a hemisphere to signed degrees.

    Minutes and seconds may be absent when the part before them has a fraction.
    `positive` is the letter of the positive hemisphere ('N' or 'E'), `limit` is 90 or 180.
    """
    sign = _HEMISPHERES[positive].get(ref.strip(_PADDING).upper())
    parts = [to_number(value) for value in values]
    if sign is None or not 1 <= len(parts) <= 3:
        return None
    numbers = [part for part in parts if part is not None]
    if len(numbers) < len(parts):
        return None
    if sign < 0 and any(number < 0 for number in numbers):  # south or west is given twice
        numbers = [-number for number in numbers]
    result = _join_degrees(*numbers)
    return None if result is None or result > limit else sign * result


def _join_degrees(degrees: float, minutes: float = 0, seconds: float = 0) -> float | None:
    # Some receivers write 60 itself when they round up.
    if degrees < 0 or not 0 <= minutes <= 60 or not 0 <= seconds <= 60:
        return None
    # A fraction that the smaller units repeat: it is unclear which of them is right.
    if (degrees % 1 and (minutes or seconds)) or (minutes % 1 and seconds):
        return None
    return degrees + minutes / 60 + seconds / 3600


def parse_gps_clock(date: str, values: Sequence[object]) -> datetime | None:
    """Combine GPSDateStamp and GPSTimeStamp (hours, minutes, seconds) into an aware datetime."""
    match = _DATE.fullmatch(date.strip(_PADDING))
    parts = [to_number(value) for value in values]
    if not match or len(parts) != 3:
        return None
    day = _day_of(match)
    hours, minutes, seconds = parts
    if day is None or hours is None or minutes is None or seconds is None:
        return None
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 61):
        return None
    return day.replace(tzinfo=UTC) + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def parse_altitude(value: object, ref: object) -> float | None:
    """Convert GPSAltitude and its reference to metres, negative below sea level.

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
    """Validate GPSHPositioningError, in metres: above 0, at most 100 km."""
    metres = to_number(value)
    return metres if metres is not None and 0 < metres <= _WORST_ACCURACY_M else None


def parse_orientation(value: object) -> int | None:
    """Validate EXIF's orientation: an integer from 1 to 8."""
    return value if isinstance(value, int) and 1 <= value <= 8 else None


def clean_text(value: object, limit: int) -> str:
    """Make text or bytes safe to store and print: one line, printable, at most `limit` long.

    Bytes that are not UTF-8 are read as Latin-1, which old cameras write.
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
