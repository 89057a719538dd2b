"""Distances on the earth: computing and formatting them.

Pure functions. surroundings.py decides what a distance means for a photo.
"""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_000.0
# Below this, distances are shown in metres: "1.0 km" would hide on which side of 1 km they are.
_METRES_UP_TO = 2_000
_TENTHS_UP_TO_KM = 100
_MARKS = {"en": ",.", "pt": ".,"}
"""By language: the mark between thousands, then that before a fraction."""


def metres_between(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> float:
    """Great-circle distance in metres (haversine) between two points in degrees."""
    north, other_north = radians(latitude), radians(other_latitude)
    east = radians(other_longitude - longitude)
    half = sin((other_north - north) / 2) ** 2 + cos(north) * cos(other_north) * sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(half)))


def distance_words(metres: float, language: str) -> str:
    """'120 m', '3.2 km' or '9,545 km'; in Portuguese ('pt') '3,2 km' and '9.545 km'."""
    kilometres = metres / 1000
    if round(metres) < _METRES_UP_TO:
        words = f"{metres:,.0f} m"
    elif round(kilometres, 1) < _TENTHS_UP_TO_KM:
        words = f"{kilometres:.1f} km"
    else:
        words = f"{kilometres:,.0f} km"
    return words.translate(str.maketrans(_MARKS["en"], _MARKS[language]))
