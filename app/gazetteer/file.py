"""The gazetteer's file format: `build.py` writes it, `lookup.py` maps it into memory.

Places are sorted into bands of a tenth of a degree of latitude, and from west to east within each
band. After one line of JSON (`source`, `places`) come 32-bit arrays in native byte order:

    starts      index of each band's first place, then the number of places
    longitudes  of each place, in steps of 0.00001 degrees (about 1 m)
    latitudes   the same
    names       offset of each place's name in the text, then the length of the text

then the text: name, state and country of each place, separated by tabs, in UTF-8.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Made by `make setup`, not committed.
GAZETTEER = Path(__file__).resolve().parent / "places.bin"

STEPS = 100_000
"""Of a degree: how finely positions are kept."""

BANDS = 1_801
_BANDS_A_DEGREE = 10
WHOLE: Final = "I"
SIGNED: Final = "i"
SIZE = 4
HEADER = 256
"""Bytes of the first line, filled up with blanks."""


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """Degrees (WGS 84); `state` is its usual code or empty; `country` is ISO 3166."""

    name: str
    state: str
    country: str
    latitude: float
    longitude: float


def band_of(latitude: float) -> int:
    return min(int((latitude + 90) * _BANDS_A_DEGREE), BANDS - 1)


def steps_of(degrees: float) -> int:
    return round(degrees * STEPS)


def encode(source: str, places: Sequence[NamedPlace]) -> bytes:
    """The file's bytes; `source` names the data and their version. The order of the places does
    not matter."""
    ordered = sorted(places, key=_order)
    header = json.dumps({"source": source, "places": len(ordered)}).encode().ljust(HEADER - 1)
    assert len(header) < HEADER, "a source is a name and a version"
    starts, names, text = array(WHOLE), array(WHOLE), bytearray()
    longitudes = array(SIGNED, (steps_of(one.longitude) for one in ordered))
    latitudes = array(SIGNED, (steps_of(one.latitude) for one in ordered))
    for index, one in enumerate(ordered):
        starts.extend([index] * (band_of(one.latitude) + 1 - len(starts)))
        names.append(len(text))
        text += "\t".join((one.name, one.state, one.country)).encode()
    starts.extend([len(ordered)] * (BANDS + 1 - len(starts)))
    names.append(len(text))
    arrays = (starts, longitudes, latitudes, names)
    return b"".join((header, b"\n", *(one.tobytes() for one in arrays), text))


def _order(place: NamedPlace) -> tuple[int, int, int, str, str, str]:
    east, north = steps_of(place.longitude), steps_of(place.latitude)
    return band_of(place.latitude), east, north, place.name, place.state, place.country
