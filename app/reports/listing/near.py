"""Finds reports and photos that were taken within a circle on the earth. Read-only.

A photo's position is that of its best witness, as ranked by app/agreement.py; `find_photos_near`
in the database ranks them in the same order, so that it can use an index.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, Double, Float, Uuid, cast, column, func, select
from sqlalchemy.sql.selectable import TableValuedAlias

from app.extensions import db
from app.models import Actor, PhotoPlacement, Report
from app.reports.queries import visible_to
from app.web.coordinates import DEFAULT_SEARCH_RADIUS_M, read_place, read_radius


@dataclass(frozen=True, slots=True)
class Circle:
    """Degrees of WGS 84 and metres along the surface."""

    latitude: Decimal
    longitude: Decimal
    radius_m: int


def read_circle(place: str, radius: str) -> Circle | None:
    """Parse a typed pair of degrees and a radius; None if there is no place.

    Raises UnreadablePlace, NoSuchPlace, UnreadableRadius.
    """
    if not place.strip():
        return None
    return Circle(*read_place(place), read_radius(radius))


def address_of_circle(circle: Circle | None) -> dict[str, str]:
    """The circle as URL arguments `near` and `radius`; the default radius is left out."""
    if circle is None:
        return {}
    is_usual = circle.radius_m == DEFAULT_SEARCH_RADIUS_M
    radius = {} if is_usual else {"radius": str(circle.radius_m)}
    return {"near": f"{circle.latitude}, {circle.longitude}", **radius}


def photos_in(circle: Circle) -> TableValuedAlias:
    """The company's photos that were taken in the circle, as rows of `photo_id`, `distance_m`.

    Includes photos that the person may not see: join `visible_to`.
    """
    circle_as_numbers = (circle.latitude, circle.longitude, circle.radius_m)
    found = func.find_photos_near(*(cast(one, Double) for one in circle_as_numbers))
    columns = (column("photo_id", Uuid), column("distance_m", Float))
    return found.table_valued(*columns, name="near")


def has_photo_in(circle: Circle) -> ColumnElement[bool]:
    """The condition on reports: a photo placed in the report was taken in the circle."""
    near = photos_in(circle)
    return Report.id.in_(
        select(PhotoPlacement.report_id)
        .join(near, near.c.photo_id == PhotoPlacement.photo_id)
        .where(PhotoPlacement.removed_at.is_(None))
    )


@dataclass(frozen=True, slots=True)
class NearCounts:
    """The number of distinct photos, and of the reports that contain them."""

    photos: int
    reports: int


def count_in(circle: Circle, *, person: Actor) -> NearCounts:
    """Count the photos in the circle, and their reports, that the person may see."""
    near = photos_in(circle)
    row = db.session.execute(
        select(
            func.count(PhotoPlacement.photo_id.distinct()),
            func.count(PhotoPlacement.report_id.distinct()),
        )
        .join(near, near.c.photo_id == PhotoPlacement.photo_id)
        .join(Report, Report.id == PhotoPlacement.report_id)
        .where(visible_to(person), PhotoPlacement.removed_at.is_(None))
    ).one()
    return NearCounts(*row)


def circle_around(
    latitude: Decimal | None, longitude: Decimal | None, radius_m: int
) -> Circle | None:
    """None if there is no centre."""
    if latitude is None or longitude is None:
        return None
    return Circle(latitude, longitude, radius_m)
