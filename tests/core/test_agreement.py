"""Times and places of a photo: the order of witnesses, and which contradict each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.agreement import (
    ConflictKind,
    PlaceSource,
    TimeSource,
    distance_m,
    photo_conflicts,
    places_of,
    times_of,
)
from app.models import Photo, PhotoReading

RECEIVED = datetime(2026, 3, 14, 12, 40, 7, tzinfo=UTC)
HERE = (Decimal("-23.550520"), Decimal("-46.633308"))


def photo(client_at=RECEIVED, place=HERE, accuracy=Decimal(12)) -> Photo:
    latitude, longitude = place or (None, None)
    return Photo(
        created_at=RECEIVED,
        client_at=client_at,
        latitude=latitude,
        longitude=longitude,
        accuracy_m=accuracy if place else None,
    )


def reading(taken_at=None, offset=None, place=None, accuracy=None, notes=()) -> PhotoReading:
    latitude, longitude = place or (None, None)
    return PhotoReading(
        taken_at=taken_at,
        taken_offset=offset,
        latitude=latitude,
        longitude=longitude,
        accuracy_m=accuracy,
        notes=list(notes),
    )


def kinds(one, other) -> list[ConflictKind]:
    return [conflict.kind for conflict in photo_conflicts(one, other)]


def test_the_camera_is_the_first_witness_then_the_phone_then_the_receipt():
    full = times_of(photo(), reading("2026-03-14T09:40:00", "-03:00"))
    assert [one.source for one in full] == [*TimeSource]
    assert full[0].words == "2026-03-14 09:40:00 UTC−03:00"
    assert times_of(photo(), None)[0].source is TimeSource.PHONE
    assert times_of(photo(client_at=None), reading())[0].source is TimeSource.RECEIPT


def test_a_camera_time_without_a_zone_is_never_converted():
    taken = times_of(photo(), reading("2026-03-14T09:40:00"))[0]
    assert not taken.has_zone
    assert taken.shown_in("America/Sao_Paulo").words == "2026-03-14 09:40:00"


def test_other_clocks_are_shown_in_the_zone_asked_for():
    received = times_of(photo(client_at=None), None)[0]
    assert received.shown_in("America/Sao_Paulo").words == "2026-03-14 09:40:07 UTC−03:00"
    assert received.shown_in("Asia/Kathmandu").words == "2026-03-14 18:25:07 UTC+05:45"


@pytest.mark.parametrize(
    ("taken", "offset", "disagrees"),
    [
        ("2026-03-14T09:40:00", "-03:00", False),
        ("2026-03-14T09:31:00", "-03:00", False),
        ("2026-03-14T09:29:00", "-03:00", True),
        ("2026-03-14T12:40:00", "-03:00", True),
        ("2026-03-11T09:40:00", "-03:00", True),
        # Without a zone, only differences that no time zone could explain.
        ("2026-03-14T09:40:00", None, False),
        ("2026-03-15T02:40:00", None, False),
        ("2026-03-11T09:40:00", None, True),
        ("2026-03-16T12:40:00", None, True),
        (None, None, False),
    ],
)
def test_clocks_ten_minutes_apart_disagree(taken, offset, disagrees):
    assert (ConflictKind.CLOCKS in kinds(photo(), reading(taken, offset))) is disagrees


def test_a_wrong_or_late_phone_time_is_shown():
    late = photo(client_at=RECEIVED - timedelta(minutes=11))
    (conflict,) = photo_conflicts(late, None)
    assert [one.source for one in conflict.times] == [TimeSource.PHONE, TimeSource.RECEIPT]
    assert kinds(photo(client_at=RECEIVED + timedelta(minutes=9)), None) == []


def test_places_disagree_beyond_500_m_plus_both_accuracies():
    def moved(metres):
        return (HERE[0] + Decimal(metres) / Decimal("111194.9"), HERE[1])

    assert kinds(photo(), reading(place=moved(505))) == []
    assert kinds(photo(), reading(place=moved(520))) == [ConflictKind.PLACES]
    assert kinds(photo(), reading(place=moved(520), accuracy=Decimal(10))) == []
    assert kinds(photo(accuracy=Decimal(90)), reading(place=moved(580))) == []


def test_distances_are_those_of_the_earth():
    rio = reading(place=(Decimal("-22.906847"), Decimal("-43.172897")))
    camera, browser = places_of(photo(), rio)
    assert (camera.source, browser.source) == (PlaceSource.CAMERA, PlaceSource.BROWSER)
    assert distance_m(camera, browser) == pytest.approx(360_700, rel=0.01)


def test_a_position_that_the_camera_calls_stale_comes_last():
    stale = reading(place=HERE, notes=["gps_void"])
    assert [one.source for one in places_of(photo(), stale)] == [
        PlaceSource.BROWSER,
        PlaceSource.CAMERA,
    ]
    assert [one.source for one in places_of(photo(place=None), stale)] == [PlaceSource.CAMERA]


def test_words_of_a_place():
    (place,) = places_of(photo(), None)
    assert (place.words, place.accuracy_words) == ("−23.550520, −46.633308", "±12 m")
    assert places_of(photo(accuracy=None), None)[0].accuracy_words == ""
