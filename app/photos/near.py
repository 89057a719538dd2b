"""Finds photos that were taken near a place, the nearest first. Read-only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, joinedload

from app.extensions import db
from app.models import Actor, Photo, PhotoPlacement, Report
from app.paging import Page, cut
from app.reports.facts import PlacedPhoto
from app.reports.listing.near import Circle, photos_in
from app.reports.queries import visible_to


@dataclass(frozen=True, slots=True)
class FoundPhoto:
    """A placed photo, and the distance in metres from the centre to where it was taken."""

    placed: PlacedPhoto
    distance_m: float
    report: Report


def list_photos_in(
    circle: Circle, *, person: Actor, page: int = 1, page_size: int
) -> Page[FoundPhoto]:
    """One page of the photos that the person may see, in two queries. A photo with two placements
    is listed twice."""
    near = photos_in(circle)
    matching = (visible_to(person), PhotoPlacement.removed_at.is_(None))
    total = db.session.scalar(
        select(func.count(PhotoPlacement.id))
        .join(near, near.c.photo_id == PhotoPlacement.photo_id)
        .join(Report, Report.id == PhotoPlacement.report_id)
        .where(*matching)
    )
    at = cut(total or 0, page, page_size)
    rows = db.session.execute(
        select(PhotoPlacement, near.c.distance_m, Report)
        .join(near, near.c.photo_id == PhotoPlacement.photo_id)
        .join(PhotoPlacement.photo)
        .join(Report, Report.id == PhotoPlacement.report_id)
        .where(*matching)
        .options(contains_eager(PhotoPlacement.photo).options(joinedload(Photo.reading)))
        .order_by(near.c.distance_m, PhotoPlacement.created_at, PhotoPlacement.id)
        .limit(at.size)
        .offset(at.offset)
    )
    return at.holding(
        FoundPhoto(PlacedPhoto(place, place.photo, place.photo.reading), metres, report)
        for place, metres, report in rows
    )
