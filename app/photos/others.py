"""The earlier photos that show what a photo shows, for a person who compares them. Read-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import contains_eager, joinedload

from app.extensions import db
from app.models import (
    Actor,
    LikenessKind,
    Photo,
    PhotoLikeness,
    PhotoPlacement,
    Report,
)
from app.photos.queries import PhotoView, get_view, photo_views
from app.reports.facts import PlacedPhoto
from app.reports.queries import get_report, visible_to

# Of a label that is on hundreds of photos, so many are shown.
MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class OtherPhoto:
    """An earlier photo at one of its places, in a report that the person may see."""

    placed: PlacedPhoto
    view: PhotoView
    report: Report
    is_same: bool


@dataclass(frozen=True, slots=True)
class Others:
    """A photo with its report, the earlier photos, and in how many places the person may not see
    one."""

    view: PhotoView
    report: Report
    shown: Sequence[OtherPhoto]
    hidden: int


def list_others(placement_id: UUID, *, person: Actor) -> Others:
    """Copies first, then what looks alike; those of the same report only if they are copies.

    Raises NotFound.
    """
    view = get_view(placement_id, person=person)
    report = get_report(view.placement.report_id, person=person)
    is_same = PhotoLikeness.kind == LikenessKind.SAME
    rows = db.session.execute(
        select(
            PhotoPlacement, Report, is_same.label("is_same"), visible_to(person).label("is_seen")
        )
        .join(PhotoLikeness, PhotoLikeness.earlier_id == PhotoPlacement.photo_id)
        .join(PhotoPlacement.photo)
        .join(Report, Report.id == PhotoPlacement.report_id)
        .where(
            PhotoLikeness.photo_id == view.photo.id,
            PhotoPlacement.removed_at.is_(None),
            Report.discarded_at.is_(None),
            or_(is_same, Report.number != report.number),
        )
        .options(contains_eager(PhotoPlacement.photo).options(joinedload(Photo.reading)))
        .order_by(is_same.desc(), Photo.created_at, PhotoPlacement.created_at, PhotoPlacement.id)
        .limit(MOST_SHOWN)
    ).all()
    shown = [
        _other(PlacedPhoto(place, place.photo, place.photo.reading), holder, same)
        for place, holder, same, is_seen in rows
        if is_seen
    ]
    return Others(view, report, shown, len(rows) - len(shown))


def _other(placed: PlacedPhoto, report: Report, is_same: bool) -> OtherPhoto:
    return OtherPhoto(placed, photo_views([placed])[0], report, is_same)
