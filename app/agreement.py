"""When and where a photo was taken, and where its sources disagree. Pure functions.

A photo has up to three clock times and two positions. All are kept, the best one is shown first,
none is corrected. The texts for people are in the pages, the strip and the PDF.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from itertools import combinations
from zoneinfo import ZoneInfo

from app.distances import metres_between
from app.imaging.notes import Note
from app.models import Photo, PhotoReading
from app.pdf.context import PlaceSource, TimeSource

CLOCK_TOLERANCE = timedelta(minutes=10)
PLACE_TOLERANCE_M = 500.0
# A camera that records no zone may have used any zone from +14:00 to -12:00.
EARLIEST_ZONE, LATEST_ZONE = timedelta(hours=14), timedelta(hours=-12)


class ConflictKind(StrEnum):
    CLOCKS = "clocks_disagree"
    PLACES = "places_disagree"


@dataclass(frozen=True, slots=True)
class PhotoTime:
    """A time with its source; naive if the camera recorded no zone."""

    at: datetime
    source: TimeSource

    @property
    def has_zone(self) -> bool:
        return self.at.tzinfo is not None

    def shown_in(self, time_zone: str) -> PhotoTime:
        """The time in this zone; a camera's time is never converted."""
        if self.source is TimeSource.CAMERA:
            return self
        return PhotoTime(self.at.astimezone(ZoneInfo(time_zone)), self.source)

    @property
    def words(self) -> str:
        """'2026-11-22 14:05:09 UTC−03:00', without the offset if no zone is known."""
        return self._written("%Y-%m-%d %H:%M:%S")

    @property
    def short_words(self) -> str:
        """The same without seconds."""
        return self._written("%Y-%m-%d %H:%M")

    def _written(self, pattern: str) -> str:
        clock = self.at.strftime(pattern)
        return f"{clock} UTC{offset_words(self.at)}" if self.has_zone else clock


@dataclass(frozen=True, slots=True)
class Place:
    """Degrees (WGS 84) with six decimals; accuracy in metres if known."""

    latitude: Decimal
    longitude: Decimal
    accuracy_m: Decimal | None
    source: PlaceSource

    @property
    def words(self) -> str:
        """'−23.550520, −46.633308'."""
        return f"{self.latitude:.6f}, {self.longitude:.6f}".replace("-", "\u2212")

    @property
    def accuracy_words(self) -> str:
        """'±12 m'; empty if unknown."""
        return "" if self.accuracy_m is None else f"±{self.accuracy_m:.0f} m"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Times or places that contradict each other; `times` or `places` holds all of that kind."""

    kind: ConflictKind
    times: tuple[PhotoTime, ...] = ()
    places: tuple[Place, ...] = ()


def times_of(photo: Photo, reading: PhotoReading | None) -> tuple[PhotoTime, ...]:
    """All times, best source first: camera, phone, receipt by the server."""
    camera = _camera_time(reading) if reading else None
    clocks = (
        (camera, TimeSource.CAMERA),
        (photo.client_at, TimeSource.PHONE),
        (photo.created_at, TimeSource.RECEIPT),
    )
    return tuple(PhotoTime(at, source) for at, source in clocks if at is not None)


def places_of(photo: Photo, reading: PhotoReading | None) -> tuple[Place, ...]:
    """All positions, best source first.

    The camera's position comes before the browser's, which is where the phone was when the file
    was chosen; unless the camera marked its own as stale.
    """
    places = []
    if reading and reading.latitude is not None and reading.longitude is not None:
        places.append(
            Place(reading.latitude, reading.longitude, reading.accuracy_m, PlaceSource.CAMERA)
        )
    if photo.latitude is not None and photo.longitude is not None:
        browser = Place(photo.latitude, photo.longitude, photo.accuracy_m, PlaceSource.BROWSER)
        is_stale = reading is not None and Note.GPS_VOID in reading.notes
        places.insert(0 if is_stale else len(places), browser)
    return tuple(places)


def photo_conflicts(photo: Photo, reading: PhotoReading | None) -> tuple[Conflict, ...]:
    """Times more than 10 minutes apart; positions more than 500 m apart plus their accuracies."""
    times, places = times_of(photo, reading), places_of(photo, reading)
    found = []
    if any(clocks_disagree(one, other) for one, other in combinations(times, 2)):
        found.append(Conflict(ConflictKind.CLOCKS, times=times))
    if any(places_disagree(one, other) for one, other in combinations(places, 2)):
        found.append(Conflict(ConflictKind.PLACES, places=places))
    return tuple(found)


def clocks_disagree(one: PhotoTime, other: PhotoTime) -> bool:
    """Whether the times cannot be within the tolerance.

    A time without a zone contradicts another one only if it does so in every zone.
    """
    (first, last), (other_first, other_last) = _span(one), _span(other)
    return first - other_last > CLOCK_TOLERANCE or other_first - last > CLOCK_TOLERANCE


def places_disagree(one: Place, other: Place) -> bool:
    doubt = sum(float(place.accuracy_m or 0) for place in (one, other))
    return distance_m(one, other) > PLACE_TOLERANCE_M + doubt


def distance_m(one: Place, other: Place) -> float:
    """Metres along the surface of the earth."""
    return metres_between(
        float(one.latitude), float(one.longitude), float(other.latitude), float(other.longitude)
    )


def offset_words(at: datetime) -> str:
    """The offset of an aware time: '−03:00'."""
    minutes = round((at.utcoffset() or timedelta()).total_seconds() / 60)
    sign = "\u2212" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _camera_time(reading: PhotoReading) -> datetime | None:
    if reading.taken_at is None:
        return None
    clock = datetime.fromisoformat(reading.taken_at)
    if reading.taken_offset is None:
        return clock
    sign = -1 if reading.taken_offset.startswith("-") else 1
    hours, minutes = reading.taken_offset.lstrip("+-").split(":")
    offset = sign * timedelta(hours=int(hours), minutes=int(minutes))
    return clock.replace(tzinfo=timezone(offset))


def _span(taken: PhotoTime) -> tuple[datetime, datetime]:
    """The earliest and latest UTC times that the clock time may stand for."""
    if taken.has_zone:
        return taken.at.astimezone(UTC), taken.at.astimezone(UTC)
    naive = taken.at.replace(tzinfo=UTC)
    return naive - EARLIEST_ZONE, naive - LATEST_ZONE
