"""How many earlier photos show what a photo of a report shows: counted by the database, and frozen
in the snapshot. The pictures themselves are compared by photos/comparing.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import aliased

from app.models import (
    LikenessKind,
    Photo,
    PhotoComparison,
    PhotoLikeness,
    PhotoPlacement,
    Report,
    WorkState,
)


@dataclass(frozen=True, slots=True)
class Likenesses:
    """How many earlier photos show the same as a photo: in its own report (all revisions), and in
    others of the company; and how many of others only look alike.

    What was removed from a report, and discarded reports, do not count: nothing was shown there.
    """

    same_here: int = 0
    same_elsewhere: int = 0
    alike_elsewhere: int = 0

    def __bool__(self) -> bool:
        return any((self.same_here, self.same_elsewhere, self.alike_elsewhere))


def counted_likenesses() -> ColumnElement[Any]:
    """The numbers of `Likenesses` as an array, for a query of photos with their reports and
    comparisons; null while the photo was not compared."""
    place, holder = aliased(PhotoPlacement), aliased(Report)
    is_here = holder.number == Report.number
    earlier = func.count(PhotoLikeness.earlier_id.distinct())
    same = PhotoLikeness.kind == LikenessKind.SAME
    counts = (
        select(
            func.json_build_array(
                earlier.filter(same, is_here),
                earlier.filter(same, ~is_here),
                earlier.filter(~same, ~is_here),
            )
        )
        .select_from(PhotoLikeness)
        .join(place, place.photo_id == PhotoLikeness.earlier_id)
        .join(holder, holder.id == place.report_id)
        .where(
            PhotoLikeness.photo_id == Photo.id,
            place.removed_at.is_(None),
            holder.discarded_at.is_(None),
        )
        .correlate(Photo, Report)
        .scalar_subquery()
    )
    return case((PhotoComparison.state == WorkState.DONE, counts))


def likenesses_from(counts: Sequence[int] | None) -> Likenesses | None:
    """What `counted_likenesses` counted of one photo."""
    return None if counts is None else Likenesses(*counts)


def likenesses_for_snapshot(
    photos: Iterable[tuple[UUID, Likenesses | None]],
) -> dict[str, dict[str, dict[str, str]]]:
    """The part of a snapshot about them, by photo id; none if no photo was compared by then."""
    told = {
        str(photo_id): {name: str(count) for name, count in asdict(found).items()}
        for photo_id, found in photos
        if found is not None
    }
    return {"likenesses": told} if told else {}


def likenesses_from_snapshot(body: Mapping[str, Any], photo_id: UUID) -> Likenesses | None:
    """What a snapshot says of a photo; None if it had not been compared."""
    told = body.get("likenesses", {}).get(str(photo_id))
    return None if told is None else Likenesses(**{name: int(told[name]) for name in told})
