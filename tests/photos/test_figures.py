"""A kept figure of a photo equals a fresh one, whatever it shows and whoever reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from flask import g
from flask_babel import force_locale

from app.auth.identity import Identity
from app.gazetteer.lookup import Nearest
from app.models import (
    Photo,
    PhotoPlacement,
    PhotoReading,
    PhotoSource,
    PhotoVerdict,
    Role,
)
from app.photos import figures
from app.photos.figures import KEPT, photo_figure
from app.reports.facts import PlacedPhoto
from app.reports.likenesses import Likenesses
from app.surroundings import Site, Surroundings

NOON = datetime(2026, 3, 31, 12, 5, tzinfo=UTC)
READERS = (("en", "UTC"), ("pt_BR", "America/Sao_Paulo"), ("en", "America/Sao_Paulo"))
NOBODY = {"token": "", "session_id": None, "account_id": None, "email": "", "name": ""}
NOBODY |= {"role": Role.TECHNICIAN, "locale": None, "tenant": None}
HERE = (Decimal("-23.550520"), Decimal("-46.633308"))


@pytest.fixture(autouse=True)
def empty():
    KEPT.clear()
    yield
    KEPT.clear()


def a_placed_photo(place: tuple[Decimal, Decimal] | None = HERE) -> PlacedPhoto:
    photo = Photo(
        id=uuid4(),
        sha256="ab" * 32,
        source=PhotoSource.CAMERA,
        client_at=NOON,
        created_at=NOON,
        latitude=place and place[0],
        longitude=place and place[1],
        accuracy_m=Decimal(12) if place else None,
    )
    placement = PhotoPlacement(
        id=uuid4(), caption="", position_reason="", quarantine_reason="", photo_id=photo.id
    )
    return PlacedPhoto(placement, photo, None)


def a_reading(**columns: object) -> PhotoReading:
    values = {"verdict": PhotoVerdict.GOOD, "notes": [], "exif": {}, "parser_version": "test"}
    return PhotoReading(id=uuid4(), **{**values, **columns})


def placed_as(one: PlacedPhoto, **columns: object) -> PlacedPhoto:
    """The same photo at the same place, with other words about it."""
    old = one.placement
    words = {name: getattr(old, name) for name in ("caption", "position_reason")}
    words |= {"quarantine_reason": old.quarantine_reason, "id": old.id, "photo_id": old.photo_id}
    return replace(one, placement=PhotoPlacement(**{**words, **columns}))


def near(name: str, photo_id: UUID) -> Surroundings:
    place = Nearest(name, "SP", "BR", 900, "a list")
    return Surroundings(frozen={str(photo_id): place})


def changes() -> list[PlacedPhoto]:
    """One photo, of which each line shows something else."""
    one = a_placed_photo()
    good, bad = a_reading(), a_reading(verdict=PhotoVerdict.QUARANTINED, reason="truncated")
    lost = replace(one, reading=bad)
    site = Site(HERE[0] + 1, HERE[1], 500)
    return [
        one,
        replace(one, is_given_up=True),
        replace(one, reading=good),
        lost,
        replace(one, reading=a_reading(notes=["damaged"])),
        placed_as(one, caption="The <b>cover</b>"),
        placed_as(one, position_reason="in a cellar"),
        placed_as(lost, quarantine_reason="the camera broke"),
        replace(one, surroundings=Surroundings(site)),
        replace(one, surroundings=Surroundings(replace(site, radius_m=1_000_000))),
        replace(one, surroundings=near("Campinas", one.photo.id)),
        replace(one, surroundings=near("Santos", one.photo.id)),
        replace(one, surroundings=Surroundings(frozen={})),
        placed_as(one, id=uuid4()),
        replace(one, reading=good, likenesses=Likenesses()),
        replace(one, reading=good, likenesses=Likenesses(same_elsewhere=1)),
    ]


def test_every_kept_figure_equals_a_fresh_one(app):
    """Twice over all states and readers: what was kept for one must not be shown to another."""
    everything = changes()
    drawn = set()
    for locale, zone in (*READERS, *reversed(READERS)):
        with app.test_request_context(), force_locale(locale):
            g._login_user = Identity(time_zone=zone, **NOBODY)
            for is_large in (False, True):
                fresh = [figures._render(one, is_large) for one in everything]
                assert [str(photo_figure(one, is_large=is_large)) for one in everything] == fresh
                assert len(set(fresh)) == len(everything), "two of these look alike"
                drawn |= set(fresh)
    assert len(drawn) > len(READERS) * len(everything), "a large figure is as a small one"


def test_the_second_drawing_renders_nothing(app, monkeypatch):
    one = a_placed_photo()
    with app.test_request_context():
        first = photo_figure(one)
        monkeypatch.setattr(figures, "_render", lambda *given: pytest.fail("rendered again"))
        assert photo_figure(one) == first
