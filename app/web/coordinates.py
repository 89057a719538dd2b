"""Reading places that people type or paste: a pair of degrees, a radius.

Comma and point are marks of decimals alike; what can be read in two ways is refused, not guessed.
"""

from __future__ import annotations

import re
from decimal import Decimal

from app.errors import DomainError

LEAST_RADIUS_M, MOST_RADIUS_M = 10, 100_000
USUAL_RADIUS_M = 500
MOST_LETTERS = 60
SIX_PLACES = Decimal("0.000001")

_NUMBER = r"([-+]?[0-9]{1,3}(?:[.,][0-9]{1,12})?)"
_POINTED = r"([-+]?[0-9]{1,3}\.[0-9]{1,12})"
_SIGNED = r"([-+][0-9]{1,3}(?:\.[0-9]{1,12})?)"
# What stands between two numbers, the surest first. A comma alone could be a decimal mark: it parts
# them only where both have a point, or where a sign follows it.
_PAIRS = (
    re.compile(rf"{_NUMBER} ?; ?{_NUMBER}"),
    re.compile(rf"{_NUMBER},? {_NUMBER}"),
    re.compile(rf"{_POINTED},{_POINTED}"),
    re.compile(rf"([-+]?[0-9]{{1,3}}(?:\.[0-9]{{1,12}})?),{_SIGNED}"),
)
_RADIUS = re.compile(r"([0-9]{1,7}(?:[.,][0-9]{1,3})?) ?(m|km)?", re.IGNORECASE)


class UnreadablePlace(DomainError):
    """The coordinates “%(text)s” cannot be read. Write latitude and longitude in degrees, such as
    -22.9071, -47.0632 or -22,9071; -47,0632."""

    status = 422


class NoSuchPlace(DomainError):
    """There is no place at “%(text)s”: latitude runs from -90 to 90 and longitude from -180 to
    180, latitude first."""

    status = 422


class UnreadableRadius(DomainError):
    """The radius “%(text)s” cannot be read. Write metres such as 500, or kilometres such as 2 km:
    from %(least)s m to %(most)s km."""

    status = 422


def read_place(text: str) -> tuple[Decimal, Decimal]:
    """Latitude and longitude with six places. Raises UnreadablePlace, NoSuchPlace."""
    plain = " ".join(text.replace("\u2212", "-").split())
    found = next((pair for one in _PAIRS if (pair := one.fullmatch(plain))), None)
    if found is None:
        raise UnreadablePlace(text=text[:MOST_LETTERS])
    latitude, longitude = (
        Decimal(number.replace(",", ".")).quantize(SIX_PLACES) for number in found.groups()
    )
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise NoSuchPlace(text=text[:MOST_LETTERS])
    return latitude, longitude


def read_radius(text: str) -> int:
    """Whole metres; the usual ones where nothing is said. Raises UnreadableRadius."""
    plain = " ".join(text.split())
    if not plain:
        return USUAL_RADIUS_M
    found = _RADIUS.fullmatch(plain)
    unit = 1000 if found and (found[2] or "").lower() == "km" else 1
    metres = Decimal(found[1].replace(",", ".")) * unit if found else Decimal(0)
    if not LEAST_RADIUS_M <= metres <= MOST_RADIUS_M:
        raise UnreadableRadius(
            text=text[:MOST_LETTERS], least=LEAST_RADIUS_M, most=MOST_RADIUS_M // 1000
        )
    return int(metres)
