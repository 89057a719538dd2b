"""Reports and photos by where the photos were taken: within a circle on the earth.

A photo's position is that of its best witness, as app/witnesses.py ranks them; the database
ranks them alike (`find_photos_near`), so that an index finds them. Nothing here changes anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, Float, Uuid, column, func, select
from sqlalchemy.sql.selectable import TableValuedAlias

from app.extensions import db
from app.models import Actor, PhotoPlacement, Report
from app.reports.queries import visible_to
from app.web.coordinates import USUAL_RADIUS_M, read_place, read_radius


@dataclass(frozen=True, slots=True)
class Circle:
    """Degrees of WGS 84 and metres along the surface."""

    latitude: Decimal
    longitude: Decimal
    radius_m: int


def read_circle(place: str, radius: str) -> Circle | None:
    """From what somebody typed: a pair of degrees, and how far around it; None where no place is
    given. Raises UnreadablePlace, NoSuchPlace, UnreadableRadius."""
    if not place.strip():
        return None
    return Circle(*read_place(place), read_radius(radius))


def address_of_circle(circle: Circle | None) -> dict[str, str]:
    """The same as `near` and `radius` of an address; the usual radius is left out."""
    if circle is None:
        return {}
    is_usual = circle.radius_m == USUAL_RADIUS_M
    radius = {} if is_usual else {"radius": str(circle.radius_m)}
    return {"near": f"{circle.latitude}, {circle.longitude}", **radius}


def photos_in(circle: Circle) -> TableValuedAlias:
    """The company's photos that were taken in the circle, as rows of `photo_id`, `distance_m`.

    It says nothing of who may see them: join what is asked of a report.
    """
    found = func.find_photos_near(
        float(circle.latitude), float(circle.longitude), float(circle.radius_m)
    )
    columns = (column("photo_id", Uuid), column("distance_m", Float))
    return found.table_valued(*columns, name="near")


def has_photo_in(circle: Circle) -> ColumnElement[bool]:
    """The condition on reports: a photo that stands in the report was taken in the circle."""
    near = photos_in(circle)
    return Report.id.in_(
        select(PhotoPlacement.report_id)
        .join(near, near.c.photo_id == PhotoPlacement.photo_id)
        .where(PhotoPlacement.removed_at.is_(None))
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """How many photos, each once, in how many reports."""

    photos: int
    reports: int


def count_in(circle: Circle, *, person: Actor) -> Counts:
    """What the person may see of it."""
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
    return Counts(*row)


def circle_around(
    latitude: Decimal | None, longitude: Decimal | None, radius_m: int
) -> Circle | None:
    """None where there is no place to draw it around."""
    if latitude is None or longitude is None:
        return None
    return Circle(latitude, longitude, radius_m)
