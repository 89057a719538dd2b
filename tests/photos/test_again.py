"""The same bytes twice in a report: reported at once, stored once, placed again on request."""

from __future__ import annotations

import io
import re
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Photo, PhotoPlacement, PhotoVerdict, Report
from app.photos.placing import place_again, remove_photo
from app.reports.completing.service import review_of
from app.reports.facts import load_facts
from tests.support import scenarios
from tests.support.pictures import a_jpeg, sha256_of

HX = {"HX-Request": "true"}


@pytest.fixture
def report_id(acting, cast) -> UUID:
    with acting(cast.tess) as tess:
        return scenarios.a_report(tess).id


@pytest.fixture
def tess(client_of, cast):
    return client_of(cast.tess)


def send(client, report_id, data, *, field_id="enclosure", client_id=None):
    form = {
        "file": (io.BytesIO(data), "IMG_1.jpg"),
        "client_id": str(client_id or uuid4()),
        "sha256": sha256_of(data),
    }
    return client.post(f"/reports/{report_id}/fields/{field_id}/photos", data=form, headers=HX)


def post_plainly(client, report_id, *data, field_id="enclosure"):
    files = [(io.BytesIO(one), f"IMG_{n}.jpg") for n, one in enumerate(data)]
    return client.post(f"/reports/{report_id}/fields/{field_id}/photos", data={"file": files})


def offered(page: str) -> tuple[str, dict[str, str]]:
    """The target and the text of the form for a repeated photo."""
    form = page[page.index('class="photo-again"') :]
    action = re.search(r'action="([^"]+/again)"', form)[1]
    return action, dict(re.findall(r'name="(client_id|rest)" value="([^"]+)"', form))


def rows(acting, person) -> tuple[int, list[tuple[str, int]]]:
    """The number of stored photos, and (field, position) of each current placement."""
    with acting(person):
        places = select(PhotoPlacement.field_id, PhotoPlacement.position).where(
            PhotoPlacement.removed_at.is_(None)
        )
        count = db.session.scalar(select(func.count(Photo.id)))
        return count, sorted(tuple(row) for row in db.session.execute(places))


def actions(acting, person, report_id) -> list[str]:
    with acting(person):
        return [entry.action for entry in list_entries("report", report_id)]


class TestSaid:
    def test_the_upload_is_answered_with_where_it_stands(self, acting, cast, tess, report_id):
        data = a_jpeg()
        assert send(tess, report_id, data).status_code == 201
        again = send(tess, report_id, data, field_id="cable_entry")
        assert again.status_code == 200
        assert (
            "You already added this photo to “Enclosure free of damage”. It is stored only once."
            in again.text
        )
        assert "Add it here as well" in again.text and "Leave it as it is" in again.text
        assert rows(acting, cast.tess) == (1, [("enclosure", 0)])
        assert actions(acting, cast.tess, report_id).count("photo.received") == 1

    def test_at_the_same_question_too(self, tess, report_id):
        data = a_jpeg()
        send(tess, report_id, data)
        assert (
            "already added this photo to “Enclosure free of damage”"
            in send(tess, report_id, data).text
        )

    def test_every_question_is_named_once(self, acting, cast, tess, report_id):
        data = a_jpeg()
        send(tess, report_id, data)
        for field_id in ("cable_entry", "cable_entry"):
            action, said = offered(send(tess, report_id, data, field_id=field_id).text)
            assert tess.post(action, data=said, headers=HX).status_code == 201
        assert "to “Enclosure free of damage”, “Cable entry”." in send(tess, report_id, data).text

    def test_other_reports_and_companies_do_not_count(
        self, acting, cast, client_of, tess, report_id
    ):
        data = a_jpeg()
        send(tess, report_id, data)
        with acting(cast.tess) as actor:
            other = scenarios.a_report(actor).id
        with acting(cast.otto) as actor:
            theirs = scenarios.a_report(actor).id
        assert send(tess, other, data).status_code == 201
        assert send(client_of(cast.otto), theirs, data).status_code == 201


class TestPlacedAgain:
    def test_one_tap_places_the_same_row(self, acting, cast, tess, report_id):
        data = a_jpeg()
        send(tess, report_id, data)
        action, said = offered(send(tess, report_id, data, field_id="cable_entry").text)
        answer = tess.post(action, data=said, headers=HX)
        assert answer.status_code == 201
        assert 'id="photo-cable_entry-0"' in answer.text
        assert rows(acting, cast.tess) == (1, [("cable_entry", 0), ("enclosure", 0)])
        assert actions(acting, cast.tess, report_id).count("photo.placed") == 1

    def test_tapped_twice_it_is_one_place(self, acting, cast, tess, report_id):
        data = a_jpeg()
        send(tess, report_id, data)
        action, said = offered(send(tess, report_id, data).text)
        assert [tess.post(action, data=said, headers=HX).status_code for _tap in range(2)] == [
            201,
            201,
        ]
        assert rows(acting, cast.tess) == (1, [("enclosure", 0), ("enclosure", 1)])

    def test_the_upload_sent_again_afterwards_finds_that_place(self, acting, cast, tess, report_id):
        """The phone did not receive the response to its upload; meanwhile somebody tapped the button."""
        data, client_id = a_jpeg(), uuid4()
        send(tess, report_id, data)
        action, said = offered(send(tess, report_id, data, client_id=client_id).text)
        assert said["client_id"] == str(client_id)
        tess.post(action, data=said, headers=HX)
        answer = send(tess, report_id, data, client_id=client_id)
        assert answer.status_code == 201 and 'id="photo-enclosure-1"' in answer.text
        assert send(tess, report_id, a_jpeg(), client_id=client_id).status_code == 409
        assert rows(acting, cast.tess) == (1, [("enclosure", 0), ("enclosure", 1)])

    def test_without_scripts_a_page_asks_and_goes_on_to_the_next(
        self, acting, cast, tess, report_id
    ):
        one, other, new = a_jpeg(), a_jpeg(), a_jpeg()
        post_plainly(tess, report_id, one, other)
        answer = post_plainly(tess, report_id, one, new, other, field_id="cable_entry")
        assert answer.status_code == 303
        assert rows(acting, cast.tess)[0] == 3
        page = tess.get(answer.headers["Location"])
        assert page.text.count("You already added this photo to “Enclosure free of damage”") == 2
        assert "Leave it as it is" not in page.text, "nothing would come of it without scripts"
        action, said = offered(page.text)
        on = tess.post(action, data=said)
        assert on.status_code == 303 and "/again?" in on.headers["Location"]
        action, said = offered(tess.get(on.headers["Location"]).text)
        assert "rest" not in said
        assert tess.post(action, data=said).headers["Location"].endswith("#field-cable_entry")
        _count, places = rows(acting, cast.tess)
        assert places == [
            ("cable_entry", 0),
            ("cable_entry", 1),
            ("cable_entry", 2),
            ("enclosure", 0),
            ("enclosure", 1),
        ]

    def test_the_page_of_removed_photos_redirects_to_the_field(self, acting, cast, tess, report_id):
        data = a_jpeg()
        send(tess, report_id, data)
        address = post_plainly(tess, report_id, data).headers["Location"]
        with acting(cast.tess) as actor:
            place = db.session.scalars(select(PhotoPlacement.id)).one()
            remove_photo(placement_id=place, actor=actor)
            db.session.commit()
        assert tess.get(address).headers["Location"].endswith("#field-enclosure")

    def test_a_place_of_another_report_is_not_found(self, acting, cast, tess, report_id):
        with acting(cast.tess) as actor:
            other = scenarios.a_report(actor)
            foreign = scenarios.place_of(scenarios.a_photo(other, "enclosure", actor)).id
        address = f"/reports/{report_id}/fields/enclosure/photos/{foreign}/again"
        assert tess.post(address, headers=HX).status_code == 404

    def test_a_removed_photo_comes_back_as_the_one_it_was(self, acting, cast, tess, report_id):
        data = a_jpeg()
        send(tess, report_id, data)
        with acting(cast.tess):
            place = db.session.scalars(select(PhotoPlacement.id)).one()
        tess.post(f"/photos/{place}/remove", headers=HX)
        client_id = uuid4()
        for _sending in range(2):
            answer = send(tess, report_id, data, client_id=client_id)
            assert answer.status_code == 201
            assert 'id="photo-enclosure-1"' in answer.text
        assert rows(acting, cast.tess) == (1, [("enclosure", 1)])


class TestTwoPlaces:
    @pytest.fixture
    def places(self, acting, cast, report_id) -> list[UUID]:
        """Two placements of one good photo: at the enclosure, and at the cable entry."""
        with acting(cast.tess) as tess:
            report = db.session.scalars(select(Report)).one()
            first = scenarios.place_of(scenarios.a_photo(report, "enclosure", tess)).id
            second = place_again(
                report_id=report.id,
                field_id="cable_entry",
                placement_id=first,
                client_id=uuid4(),
                actor=tess,
            ).id
            db.session.commit()
            return [first, second]

    def test_each_has_its_own_words(self, acting, cast, tess, places):
        tess.post(f"/photos/{places[1]}", data={"caption": "From behind"}, headers=HX)
        with acting(cast.tess):
            said = dict(db.session.execute(select(PhotoPlacement.id, PhotoPlacement.caption)).all())
        assert said == {places[0]: "", places[1]: "From behind"}

    @pytest.mark.parametrize("gone", [0, 1])
    def test_removing_one_leaves_the_other(self, acting, cast, tess, report_id, places, gone):
        assert tess.post(f"/photos/{places[gone]}/remove", headers=HX).status_code == 200
        assert tess.get(f"/photos/{places[gone]}/card").status_code == 404
        assert tess.get(f"/photos/{places[1 - gone]}/card").status_code == 200
        page = tess.get(f"/reports/{report_id}").text
        assert f'data-photo="{places[1 - gone]}"' in page
        assert f'data-photo="{places[gone]}"' not in page

    def test_both_show_the_same_files(self, tess, places):
        answers = [tess.get(f"/photos/{one}/original") for one in places]
        assert [one.status_code for one in answers] == [303, 303] or all(
            one.status_code == answers[0].status_code for one in answers
        )

    def test_a_field_holds_as_many_places_as_it_may(self, acting, cast, tess, report_id, places):
        again = f"/reports/{report_id}/fields/enclosure/photos/{places[0]}/again"
        for _place in range(4):
            assert tess.post(again, headers=HX).status_code == 201
        answer = tess.post(again, headers=HX)
        assert answer.status_code == 409
        assert "at most 5 photos, and a photo added twice counts twice" in answer.text

    def test_a_report_holds_as_many_places_as_it_may(self, acting, cast, tess, report_id, places):
        with acting(cast.tess):
            db.session.scalars(select(Report)).one().photo_limit = 2
            db.session.commit()
        again = f"/reports/{report_id}/fields/enclosure/photos/{places[0]}/again"
        answer = tess.post(again, headers=HX)
        assert answer.status_code == 409 and "Photos in this report: 2 of 2" in answer.text

    def test_towards_a_minimum_it_counts_once(self, acting, cast, tess, report_id, places):
        again = f"/reports/{report_id}/fields/enclosure/photos/{places[0]}/again"
        answer = tess.post(again, headers=HX).text
        assert re.search(r'id="photo-count-enclosure"[^>]*>1 photo<', answer), answer

    def test_a_quarantined_one_is_explained_at_each_place(self, acting, cast, tess, report_id):
        with acting(cast.tess) as actor:
            report = db.session.scalars(select(Report)).one()
            bad = scenarios.a_photo(
                report, "remarks", actor, verdict=PhotoVerdict.QUARANTINED, position=7
            )
            first = scenarios.place_of(bad).id
            place_again(
                report_id=report.id,
                field_id="remarks",
                placement_id=first,
                client_id=uuid4(),
                actor=actor,
            )
            db.session.commit()
        tess.post(f"/photos/{first}/reason", data={"reason": "The panel is live"}, headers=HX)
        with acting(cast.tess):
            facts = load_facts(db.session.scalars(select(Report)).one())
            reasons = [one.placement.quarantine_reason for one in facts.photos_of("remarks")]
        assert sorted(reasons) == ["", "The panel is live"]

    def test_the_history_tells_of_it(self, acting, cast, client_of, report_id, places):
        page = client_of(cast.ana).get(f"/audit?object_id={report_id}").text
        assert "added a photo already in the report to" in page

    def test_the_check_is_content_with_it(self, acting, cast, report_id, places):
        with acting(cast.tess):
            review = review_of(db.session.scalars(select(Report)).one())
            assert not [item for item in review.missing if item.photo is not None]
