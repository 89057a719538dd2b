"""What a photo's position is compared with: the project's site and the nearest named place.

Nothing here is a witness: a place is told only where one was measured (witnesses.py), and the
site is the project's own, wherever the photo was taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.distances import metres_between
from app.gazetteer.lookup import Nearest, gazetteer
from app.models import DEFAULT_RADIUS_M, Project
from app.witnesses import Place


@dataclass(frozen=True, slots=True)
class Site:
    """Where the project is, in degrees of WGS 84; a photo within `radius_m` was taken there."""

    latitude: Decimal
    longitude: Decimal
    radius_m: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the photos of one report are compared with.

    `site` is None where the project has no position. `frozen` holds the nearest places by photo id
    as the snapshot of a finished report named them; None asks the gazetteer.
    """

    site: Site | None = None
    frozen: Mapping[str, Nearest] | None = None

    def nearest(self, photo_id: UUID, place: Place | None) -> Nearest | None:
        """The named place nearest to where the photo was taken; None beyond 50 km."""
        if place is None:
            return None
        if self.frozen is not None:
            return self.frozen.get(str(photo_id))
        return gazetteer().find_nearest(float(place.latitude), float(place.longitude))

    def site_distance_m(self, place: Place | None) -> float | None:
        """Metres to the project's site; None where either has no position."""
        if self.site is None or place is None:
            return None
        site = self.site
        return metres_between(
            float(site.latitude),
            float(site.longitude),
            float(place.latitude),
            float(place.longitude),
        )

    def is_far(self, place: Place | None) -> bool:
        """Whether it lies beyond the site's radius, even where its accuracy is allowed for."""
        distance = self.site_distance_m(place)
        if self.site is None or place is None or distance is None:
            return False
        return distance > self.site.radius_m + float(place.accuracy_m or 0)


NOWHERE = Surroundings()


def surroundings_of(project: Project) -> Surroundings:
    """As the project stands today."""
    if project.latitude is None or project.longitude is None:
        return NOWHERE
    return Surroundings(Site(project.latitude, project.longitude, project.radius_m))


def frozen_places(radius_m: int, nearest: Mapping[str, Nearest]) -> dict[str, Any]:
    """What a snapshot keeps, numbers as text; `nearest` is by photo id.

    The site's position stands with the project, the gazetteer's version once: it is the same for
    all.
    """
    return {
        "radius_m": str(radius_m),
        "gazetteer": gazetteer().source,
        "nearest": {
            photo_id: {
                "name": one.name,
                "state": one.state,
                "country": one.country,
                "distance_m": str(one.distance_m),
            }
            for photo_id, one in nearest.items()
        },
    }


def thawed(body: Mapping[str, Any]) -> Surroundings:
    """As a snapshot froze them; `body` is its JSON.

    Older snapshots have nothing of `frozen_places`: the site's position is theirs all the same,
    its radius is the usual one, and nearest places are looked up.
    """
    project, places = body["report"]["project"], body.get("places")
    radius_m = int(places["radius_m"]) if places else DEFAULT_RADIUS_M
    site = None
    if project["latitude"] is not None and project["longitude"] is not None:
        site = Site(Decimal(project["latitude"]), Decimal(project["longitude"]), radius_m)
    if places is None:
        return Surroundings(site)
    source = str(places["gazetteer"])
    named = {
        photo_id: Nearest(one["name"], one["state"], one["country"], int(one["distance_m"]), source)
        for photo_id, one in places["nearest"].items()
    }
    return Surroundings(site, named)
