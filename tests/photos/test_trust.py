"""The line that says what speaks for a photo, over all combinations of its witnesses; and the same
words on the card, the page of the reviewer and the PDF."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from uuid import uuid4

import pytest

from app.definition.sentences import say
from app.imaging.notes import Note
from app.models import Photo, PhotoPlacement, PhotoReading, PhotoSource, PhotoVerdict
from app.photos import trust
from app.photos.trust import trust_of
from app.reports.facts import PlacedPhoto
from app.reports.likenesses import Likenesses
from app.words import sentence_in

NOON = datetime(2026, 3, 31, 12, 5, tzinfo=UTC)
AT, FAR = (Decimal("-23.55"), Decimal("-46.63")), (Decimal("-23.55"), Decimal("-45.63"))
# What the camera and the phone say of the time: nothing, noon, or another day.
CLOCKS = (None, NOON, NOON - timedelta(days=2))
PLACES = (None, AT, FAR)


def a_placed_photo(
    camera_at=None,
    phone_at=None,
    camera=None,
    browser=None,
    *,
    source=PhotoSource.CAMERA,
    confirmed=True,
    notes=(),
    verdict=PhotoVerdict.GOOD,
) -> PlacedPhoto:
    photo = Photo(
        id=uuid4(),
        sha256="ab" * 32,
        source=source,
        created_at=NOON,
        client_at=phone_at,
        latitude=browser and browser[0],
        longitude=browser and browser[1],
        accuracy_m=Decimal(12) if browser else None,
        is_hash_confirmed=confirmed,
    )
    reading = PhotoReading(
        verdict=verdict,
        notes=list(notes),
        exif={},
        taken_at=camera_at and camera_at.strftime("%Y-%m-%dT%H:%M:%S"),
        taken_offset="+00:00" if camera_at else None,
        latitude=camera and camera[0],
        longitude=camera and camera[1],
    )
    return PlacedPhoto(PhotoPlacement(id=uuid4(), photo_id=photo.id), photo, reading)


def said(placed: PlacedPhoto, found: Likenesses | None = None) -> list[str]:
    return [str(part.sentence) for part in trust_of(placed, found)]


@pytest.mark.parametrize(("camera", "phone"), list(product(CLOCKS, CLOCKS)))
def test_the_clocks(camera, phone):
    words = said(a_placed_photo(camera, phone))[0]
    known = [one for one in (camera, phone) if one]
    if any(one != NOON for one in known):
        assert words == "Clocks disagree"
    elif len(known) == 2:
        assert words == "Camera, phone and server clocks agree"
    elif camera:
        assert words == "Camera and server clocks agree"
    elif phone:
        assert words == "Phone and server clocks agree, the file has no time"
    else:
        assert words == "Only the time of receipt is known"


@pytest.mark.parametrize(("camera", "browser"), list(product(PLACES, PLACES)))
def test_the_positions(camera, browser):
    words = said(a_placed_photo(camera=camera, browser=browser))[1]
    if camera and browser:
        agree = camera == browser
        assert words == ("Camera and browser positions agree" if agree else "Positions disagree")
    elif camera or browser:
        assert words == f"Position from the {'camera' if camera else 'browser'} only"
    else:
        assert words == "No position"


@pytest.mark.parametrize(
    ("source", "confirmed", "notes"),
    list(product(PhotoSource, (True, False, None), ((), (Note.DAMAGED.value,)))),
)
def test_source_hash_and_damage(source, confirmed, notes):
    words = said(a_placed_photo(source=source, confirmed=confirmed, notes=notes))[2:]
    expected = [trust.SOURCES[source]]
    if confirmed is not None:
        expected.append(trust.HASHES[confirmed])
    assert words == [*expected, trust.DAMAGED if notes else trust.WHOLE]


@pytest.mark.parametrize("counts", list(product((0, 1, 5), repeat=3)))
def test_the_earlier_photos(counts):
    found = Likenesses(*counts)
    parts = list(trust_of(a_placed_photo(), found))[5:]
    words = [str(one.sentence) for one in parts]
    assert (trust.SAME_HERE in words) == bool(found.same_here)
    assert (trust.SAME_ELSEWHERE in words) == bool(found.same_elsewhere)
    alike = bool(found.alike_elsewhere) and not found.same_elsewhere
    assert (trust.ALIKE_ELSEWHERE in words) == alike
    assert (words == [trust.UNLIKE]) == (not any(counts))
    # Only a copy of another report is worth a warning; a second shot is no fraud.
    for part in parts:
        assert part.is_doubt == (str(part.sentence) == trust.SAME_ELSEWHERE)
        assert part.is_likeness == (str(part.sentence) != trust.UNLIKE)


def test_before_the_comparison_nothing_is_said_of_it():
    assert len(said(a_placed_photo())) == 5


def test_a_photo_that_was_not_read_has_no_line():
    placed = a_placed_photo()
    unread = PlacedPhoto(placed.placement, placed.photo, None)
    assert trust_of(unread, Likenesses()) == ()


def test_a_quarantined_photo_says_nothing_of_damage():
    words = said(a_placed_photo(verdict=PhotoVerdict.QUARANTINED))
    assert not {trust.DAMAGED, trust.WHOLE} & set(words)


def test_every_part_has_its_words_in_portuguese():
    sentences = [
        trust.CLOCKS_DISAGREE,
        *trust.CLOCKS.values(),
        trust.PLACES_DISAGREE,
        *trust.PLACES.values(),
        *trust.SOURCES.values(),
        *trust.HASHES.values(),
        trust.DAMAGED,
        trust.WHOLE,
        trust.UNLIKE,
        trust.SAME_HERE,
        trust.SAME_ELSEWHERE,
        trust.ALIKE_ELSEWHERE,
    ]
    for words in sentences:
        assert sentence_in(say(words), "pt") != words
        assert sentence_in(say(words), "en") == words
