"""Parses places that people type or paste: a coordinate pair in degrees, a radius.

Comma and point are both decimal marks. Ambiguous input is refused, not guessed.
"""

from __future__ import annotations

import re
from decimal import Decimal

from app.errors import DomainError

MIN_SEARCH_RADIUS_M, MAX_SEARCH_RADIUS_M = 10, 100_000
DEFAULT_SEARCH_RADIUS_M = 500
MAX_LETTERS = 60
SIX_PLACES = Decimal("0.000001")

_NUMBER = r"([-+]?[0-9]{1,3}(?:[.,][0-9]{1,12})?)"
_POINTED = r"([-+]?[0-9]{1,3}\.[0-9]{1,12})"
_SIGNED = r"([-+][0-9]{1,3}(?:\.[0-9]{1,12})?)"
# Separators between two numbers, the clearest first. A single comma could be a decimal mark: it
# separates only if both numbers have a point, or if a sign follows it.
_PAIRS = (
    re.compile(rf"{_NUMBER} ?; ?{_NUMBER}"),
    re.compile(rf"{_NUMBER},? {_NUMBER}"),
    re.compile(rf"{_POINTED},{_POINTED}"),
    re.compile(rf"([-+]?[0-9]{{1,3}}(?:\.[0-9]{{1,12}})?),{_SIGNED}"),
)
_RADIUS = re.compile(r"([0-9]{1,7}(?:[.,][0-9]{1,3})?) ?(m|km)?", re.IGNORECASE)


class UnreadablePlace(DomainError):
    """The coordinates “%(text)s” cannot be read. Enter latitude and longitude in degrees, such as
    -22.9071, -47.0632 or -22,9071; -47,0632."""

    status = 422


class NoSuchPlace(DomainError):
    """“%(text)s” is not a valid position: latitude must be between -90 and 90 and longitude between
    -180 and 180, latitude first."""

    status = 422


class UnreadableRadius(DomainError):
    """The radius “%(text)s” cannot be read. Enter metres, such as 500, or kilometres, such as 2 km:
    between %(least)s m and %(most)s km."""

    status = 422


def read_place(text: str) -> tuple[Decimal, Decimal]:
    """Latitude and longitude with six decimals. Raises UnreadablePlace, NoSuchPlace."""
    plain = " ".join(text.replace("\u2212", "-").split())
    found = next((pair for one in _PAIRS if (pair := one.fullmatch(plain))), None)
    if found is None:
        raise UnreadablePlace(text=text[:MAX_LETTERS])
    latitude, longitude = (
        Decimal(number.replace(",", ".")).quantize(SIX_PLACES) for number in found.groups()
    )
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise NoSuchPlace(text=text[:MAX_LETTERS])
    return latitude, longitude


def read_radius(text: str) -> int:
    """Whole metres; the default if the text is empty. Raises UnreadableRadius."""
    plain = " ".join(text.split())
    if not plain:
        return DEFAULT_SEARCH_RADIUS_M
    found = _RADIUS.fullmatch(plain)
    unit = 1000 if found and (found[2] or "").lower() == "km" else 1
    metres = Decimal(found[1].replace(",", ".")) * unit if found else Decimal(0)
    if not MIN_SEARCH_RADIUS_M <= metres <= MAX_SEARCH_RADIUS_M:
        raise UnreadableRadius(
            text=text[:MAX_LETTERS], least=MIN_SEARCH_RADIUS_M, most=MAX_SEARCH_RADIUS_M // 1000
        )
    return int(metres)
