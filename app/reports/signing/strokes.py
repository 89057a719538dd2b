"""Validates the strokes of a drawn signature before they are stored as evidence.

The pad sends {"width", "height", "strokes": [[[x, y, time], ...], ...]} in CSS pixels and
milliseconds. signing/service.py handles the image of the signature.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from math import dist, isfinite
from typing import Any

MAX_STROKES_BYTES = 100_000
MAX_STROKES = 500
MAX_SIDE = 10_000
LEAST_LENGTH = 0.04  # of the pad's longer side
MAX_NUMBER = 1e13  # a time in milliseconds since 1970 fits


class BadStrokes(ValueError):
    """The bytes are not strokes of a pad, or there are no strokes."""


class StrokesTooShort(BadStrokes):
    """The pen touched the pad without moving: a tap."""


def parse_strokes(data: bytes) -> dict[str, Any]:
    """The strokes as plain JSON with numbers rounded to hundredths. Raises BadStrokes.

    Raises StrokesTooShort if all strokes together are no longer than a tap.
    """
    if len(data) > MAX_STROKES_BYTES:
        raise BadStrokes(f"more than {MAX_STROKES_BYTES} bytes")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadStrokes("not JSON") from error
    if not isinstance(found, dict) or not isinstance(found.get("strokes"), list):
        raise BadStrokes("no list of strokes")
    width, height = (_number(found.get(side)) for side in ("width", "height"))
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise BadStrokes("no size")
    strokes = list(_strokes(found["strokes"]))
    if not strokes:
        raise BadStrokes("nothing drawn")
    if sum(map(_length, strokes)) < LEAST_LENGTH * max(width, height):
        raise StrokesTooShort("a dot")
    return {"width": width, "height": height, "strokes": strokes}


def _length(points: list[list[float]]) -> float:
    return sum(dist(one[:2], other[:2]) for one, other in pairwise(points))


def _strokes(given: list[Any]) -> Iterator[list[list[float]]]:
    if len(given) > MAX_STROKES:
        raise BadStrokes(f"more than {MAX_STROKES} strokes")
    for stroke in given:
        if not isinstance(stroke, list):
            raise BadStrokes("a stroke is a list of points")
        points = [_point(point) for point in stroke]
        if points:
            yield points


def _point(given: Any) -> list[float]:
    if not isinstance(given, list) or len(given) not in (2, 3):
        raise BadStrokes("a point is [x, y, time]")
    return [_number(one) for one in given]


def _number(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise BadStrokes("not a number")
    if not -MAX_NUMBER < given < MAX_NUMBER or not isfinite(given):
        raise BadStrokes("a number without bounds")
    return round(float(given), 2)
