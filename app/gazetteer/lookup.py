"""Finds the nearest named place within 50 km in the gazetteer file.

The file is memory-mapped: all processes share its pages, and each look-up touches only a few.
"""

from __future__ import annotations

import json
import mmap
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import asin, cos, degrees, radians, sin
from pathlib import Path
from typing import Literal

from app.distances import EARTH_RADIUS_M, metres_between
from app.gazetteer.file import (
    BANDS,
    GAZETTEER,
    HEADER,
    SIGNED,
    SIZE,
    STEPS,
    WHOLE,
    band_of,
    steps_of,
)

REACH_M = 50_000.0
"""A place that lies farther away says nothing of where a point is."""

# Tried in this order: in dense areas, the full radius contains thousands of places.
_REACHES_M = (2_500.0, 5_000.0, 10_000.0, 20_000.0, REACH_M)


class GazetteerMissing(RuntimeError):
    """The gazetteer has not been built; the message names the expected place and the command."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest named place and the distance to its centre in whole metres.

    `state` is empty in countries without usual state codes; `source` names the gazetteer and its
    version.
    """

    name: str
    state: str
    country: str
    distance_m: int
    source: str

    @property
    def place(self) -> str:
        """'Vinhedo, SP, BR'. Show it only together with the distance."""
        return ", ".join(part for part in (self.name, self.state, self.country) if part)


class Gazetteer:
    """The places of one file, which stays mapped for the life of the process."""

    def __init__(self, path: Path) -> None:
        """Raises GazetteerMissing, also if the file is not a gazetteer or is truncated."""
        try:
            with path.open("rb") as file:
                whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            told = json.loads(bytes(whole[:HEADER]))
            self.source: str = told["source"]
            self.count: int = told["places"]
            self._lay_out(whole)
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise GazetteerMissing(
                f"The gazetteer {path} is missing or damaged, so photos cannot name the nearest"
                " place. Run `make setup` to make it; docs/deployment.md has the command for a"
                " machine without make."
            ) from error

    def _lay_out(self, whole: memoryview) -> None:
        at = HEADER

        def column(length: int, kind: Literal["I", "i"]) -> memoryview[int]:
            nonlocal at
            start, at = at, at + length * SIZE
            return whole[start:at].cast(kind)

        self._starts = column(BANDS + 1, WHOLE)
        self._longitudes = column(self.count, SIGNED)
        self._latitudes = column(self.count, SIGNED)
        self._names = column(self.count + 1, WHOLE)
        self._text = whole[at:]
        if self._names[self.count] != len(self._text):
            raise ValueError("the file is cut off")

    def find_nearest(self, latitude: float, longitude: float) -> Nearest | None:
        """The place whose centre is nearest to a point in degrees; None beyond 50 km."""
        for reach in _REACHES_M:
            found = [
                (metres, index)
                for index in self._around(latitude, longitude, reach)
                if (metres := self._metres(index, latitude, longitude)) <= reach
            ]
            if found:
                metres, index = min(found)
                return self._nearest(index, metres)
        return None

    def _around(self, latitude: float, longitude: float, reach: float) -> Iterator[int]:
        """The places in the bounding box of a circle of `reach` metres around a point."""
        north = degrees(reach / EARTH_RADIUS_M)
        aside = _degrees_aside(latitude, reach)
        for band in range(band_of(max(latitude - north, -90)), band_of(latitude + north) + 1):
            start, end = self._starts[band], self._starts[band + 1]
            for turned in _wrapped_longitudes(longitude, aside):
                west = steps_of(turned - aside)
                first = bisect_left(self._longitudes, west, start, end)
                yield from range(
                    first, bisect_right(self._longitudes, steps_of(turned + aside), first, end)
                )

    def _metres(self, index: int, latitude: float, longitude: float) -> float:
        there = self._latitudes[index] / STEPS, self._longitudes[index] / STEPS
        return metres_between(latitude, longitude, *there)

    def _nearest(self, index: int, metres: float) -> Nearest:
        text = bytes(self._text[self._names[index] : self._names[index + 1]]).decode()
        name, state, country = text.split("\t")
        return Nearest(name, state, country, round(metres), self.source)


def _degrees_aside(latitude: float, reach: float) -> float:
    """The circle's radius in degrees of longitude; 180 if it contains a pole."""
    share = sin(reach / EARTH_RADIUS_M) / max(cos(radians(latitude)), 1e-9)
    return degrees(asin(share)) if share < 1 else 180.0


def _wrapped_longitudes(longitude: float, aside: float) -> Iterator[float]:
    """The longitude, and the same plus or minus 360 degrees if the box crosses the date line."""
    yield longitude
    if aside < 180:
        if longitude - aside < -180:
            yield longitude + 360
        if longitude + aside > 180:
            yield longitude - 360


@cache
def gazetteer() -> Gazetteer:
    """The gazetteer of this process. Raises GazetteerMissing."""
    return Gazetteer(GAZETTEER)
