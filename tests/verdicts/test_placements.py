"""Operations on photos that were placed before."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Photo, PhotoPlacement
from app.photos.placing import remove_photo
from app.reports.queries import get_report
from tests.support import scenarios


@pytest.fixture
def photos(acting, cast, report_id):
    """The placement ids and client ids of two photos of one field."""
    with acting(cast.tess) as actor:
        report = get_report(report_id, person=actor)
        made = [scenarios.a_photo(report, "enclosure", actor, position=at) for at in (0, 1)]
        return [(str(scenarios.place_of(one).id), str(one.client_id)) for one in made]


def order(acting, cast):
    with acting(cast.ana):
        found = select(PhotoPlacement.id).order_by(PhotoPlacement.position)
        return [str(one) for one in db.session.scalars(found)]


def test_a_move_shows_both_cards_and_again_only_the_moved_one(tess, acting, cast, photos):
    (first, _), (second, _) = photos
    sent = str(uuid4())
    moved = tess.send("move", "enclosure", placement=second, step="-1", client_id=sent)
    assert first in moved["fragment"] and second in moved["fragment"]
    assert order(acting, cast) == [second, first]
    again = tess.send("move", "enclosure", placement=second, step="-1", client_id=sent)
    assert again["verdict"] == "known" and second in again["fragment"]
    assert order(acting, cast) == [second, first]


def test_a_photo_of_a_form_is_named_by_its_client_id(tess, photos):
    placement, client_id = photos[0]
    verdict = tess.send("caption", "enclosure", photo=client_id, caption="  North \n side ")
    assert (verdict["verdict"], verdict["placement"]) == ("applied", placement)
    assert "North side" in verdict["fragment"]


def test_a_caption_waits_for_its_photo(tess):
    verdict = tess.send("caption", "enclosure", photo=str(uuid4()), caption="North")
    assert (verdict["verdict"], verdict["needs"]) == ("early", "predecessor")


def test_a_caption_of_a_refused_photo_is_refused(tess):
    sent = str(uuid4())
    assert tess.answer("insulation", "x", client_id=sent)["verdict"] == "refused"
    verdict = tess.send("caption", "enclosure", photo=sent, caption="North")
    assert (verdict["verdict"], verdict["status"]) == ("refused", 409)


@pytest.mark.parametrize("kind", ["caption", "reason", "position_reason", "move"])
def test_a_photo_that_was_removed_refuses_the_rest(tess, acting, cast, photos, kind):
    placement = photos[0][0]
    with acting(cast.max) as actor:
        remove_photo(placement_id=placement, actor=actor)
        db.session.commit()
    verdict = tess.send(kind, "enclosure", placement=placement, caption="a", reason="b", step="1")
    assert (verdict["verdict"], verdict["status"]) == ("refused", 409)
    assert "removed" in verdict["sentence"]


@pytest.mark.parametrize(
    ("kind", "entries", "status"),
    [
        ("caption", {"caption": "x" * 501}, 422),
        ("reason", {"reason": " "}, 422),
        ("reason", {"reason": "Dark"}, 409),
        ("position_reason", {"reason": "Deep"}, 409),
        ("move", {"step": "2"}, 422),
    ],
)
def test_bad_content_is_refused(tess, photos, kind, entries, status):
    verdict = tess.send(kind, "enclosure", placement=photos[0][0], **entries)
    assert (verdict["verdict"], verdict["status"]) == ("refused", status)
    assert verdict["sentence"]


def test_a_photo_of_another_report_is_not_found(tess, acting, cast):
    with acting(cast.tess) as actor:
        other = scenarios.a_photo(scenarios.a_report(actor), "enclosure", actor)
        placement = str(scenarios.place_of(other).id)
    for named in ({"placement": placement}, {"placement": str(uuid4())}, {}):
        assert tess.post("caption", "enclosure", caption="x", **named).status_code == 404


def test_a_full_field_refuses_a_photo_again(tess, photos, acting, cast):
    verdict = tess.send("again", "customer", placement=photos[0][0])
    assert (verdict["verdict"], verdict["status"]) == ("refused", 409)
    with acting(cast.ana):
        assert len(db.session.scalars(select(Photo)).all()) == 2
