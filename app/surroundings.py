"""What a photo's position is compared with: the project's site and the nearest named place.

Nothing here is evidence of the position: that is measured (agreement.py). The site is the project's
own position, regardless of where the photo was taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.agreement import Place
from app.distances import metres_between
from app.gazetteer.lookup import Nearest, gazetteer
from app.models import DEFAULT_RADIUS_M, Project


@dataclass(frozen=True, slots=True)
class Site:
    """The project's position in degrees (WGS 84); photos within `radius_m` were taken on site."""

    latitude: Decimal
    longitude: Decimal
    radius_m: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the photos of one report are compared with.

    `site` is None if the project has no position. `frozen` holds the nearest places by photo id
    from the snapshot of a finished report; if None, the gazetteer is used.
    """

    site: Site | None = None
    frozen: Mapping[str, Nearest] | None = None

    def nearest(self, photo_id: UUID, place: Place | None) -> Nearest | None:
        """The named place nearest to the photo's position; None beyond 50 km."""
        if place is None:
            return None
        if self.frozen is not None:
            return self.frozen.get(str(photo_id))
        return gazetteer().find_nearest(float(place.latitude), float(place.longitude))

    def site_distance_m(self, place: Place | None) -> float | None:
        """Metres to the project's site; None if either position is unknown."""
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
        """Whether it is outside the site's radius by more than its accuracy."""
        distance = self.site_distance_m(place)
        if self.site is None or place is None or distance is None:
            return False
        return distance > self.site.radius_m + float(place.accuracy_m or 0)


NOWHERE = Surroundings()


def surroundings_of(project: Project) -> Surroundings:
    """The surroundings by the project's current position."""
    if project.latitude is None or project.longitude is None:
        return NOWHERE
    return Surroundings(Site(project.latitude, project.longitude, project.radius_m))


def places_for_snapshot(radius_m: int, nearest: Mapping[str, Nearest]) -> dict[str, Any]:
    """The places for a snapshot, with numbers as text; `nearest` is keyed by photo id.

    The site's position is stored with the project. The gazetteer's version is the same for all
    places and stored once.
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


def surroundings_from_snapshot(body: Mapping[str, Any]) -> Surroundings:
    """The surroundings stored in a snapshot's JSON `body`.

    Older snapshots lack the data of `places_for_snapshot`: they have the site's position, but the
    radius is the default and the nearest places are looked up.
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
