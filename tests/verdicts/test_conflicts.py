"""A conflict is shown at its field and settled there, with and without scripts."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Answer, EditConflict, PhotoPlacement
from app.reports.queries import get_report
from tests.support import scenarios
from tests.support.phone import Phone

FIELD = "customer"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def conflict(tess, max_):
    max_.answer(FIELD, "Theirs")
    return tess.answer(FIELD, "Mine", client_at="2026-11-30T10:00:00Z")["conflict"]


@pytest.fixture
def stored(acting, cast):
    def read() -> tuple[str, int, str]:
        with acting(cast.ana):
            row = db.session.scalars(select(Answer).where(Answer.field_id == FIELD)).one()
            people = {cast.tess.id: "tess", cast.max.id: "max"}
            return row.value, row.row_version, people[row.answered_by]

    return read


def url(report_id, conflict, keep):
    return f"/reports/{report_id}/conflicts/{conflict}/{keep}"


@pytest.mark.parametrize("person", ["tess", "max"])
def test_the_buttons_work_without_scripts(
    client_of, cast, report_id, conflict, stored, entries, person
):
    client = client_of(getattr(cast, person))
    page = client.get(f"/reports/{report_id}/fill?at={FIELD}").text
    assert f'formaction="{url(report_id, conflict, "mine")}?' in page
    assert 'data-state="conflict"' in page
    done = client.post(url(report_id, conflict, "mine"), data={"value": "typed but not sent"})
    assert done.status_code == 303
    assert done.location == f"/reports/{report_id}/fill?at={FIELD}#field-{FIELD}"
    # Whoever chooses, the answer has the author who typed it.
    assert stored() == ("Mine", 2, "tess")
    assert conflict not in client.get(done.location).text
    (entry,) = entries("answer.settled")
    assert (entry["kept"], entry["typed"]["value"]) == ("mine", "Mine")


def test_a_fragment_shows_the_field_as_it_is_now(max_, report_id, conflict, stored):
    answer = max_.client.post(url(report_id, conflict, "theirs"), headers=HTMX)
    assert answer.status_code == 200 and f'id="status-{FIELD}"' in answer.text
    assert conflict not in answer.text and 'name="row_version" value="1"' in answer.text
    assert stored() == ("Theirs", 1, "max")


def test_choosing_twice_is_harmless_and_the_other_value_is_too_late(max_, report_id, conflict):
    for keep, status in (("theirs", 303), ("theirs", 303), ("mine", 409)):
        assert max_.client.post(url(report_id, conflict, keep)).status_code == status


def test_a_choice_beside_an_older_answer_is_refused(tess, max_, report_id, conflict, stored):
    max_.answer(FIELD, "Theirs, newer", base=1)
    verdict = tess.send("settle", FIELD, conflict=conflict, keep="mine", base_version=1)
    assert (verdict["verdict"], verdict["status"]) == ("refused", 409)
    assert "Max Manager" in verdict["sentence"] and conflict in verdict["fragment"]
    assert stored() == ("Theirs, newer", 2, "max")
    done = tess.send("settle", FIELD, conflict=conflict, keep="mine", base_version=2)
    assert (done["verdict"], done["row_version"]) == ("applied", 3)
    assert stored() == ("Mine", 3, "tess")


BUTTON = re.compile(r'formaction="([^"]+/conflicts/[^"]+/mine[^"]*)"')


def test_a_button_of_an_older_page_overwrites_nothing(tess, max_, report_id, conflict, stored):
    (button,) = BUTTON.findall(max_.client.get(f"/reports/{report_id}/fill?at={FIELD}").text)
    max_.answer(FIELD, "Theirs, newer", base=1)
    assert max_.client.post(unescape(button)).status_code == 409
    assert stored() == ("Theirs, newer", 2, "max")
    (button,) = BUTTON.findall(max_.client.get(f"/reports/{report_id}/fill?at={FIELD}").text)
    assert max_.client.post(unescape(button)).status_code == 303
    assert stored() == ("Mine", 3, "tess")


def test_a_value_that_waits_is_chosen_only_by_who_saw_it(tess, max_, report_id, stored):
    max_.answer(FIELD, "Theirs")
    first = tess.answer(FIELD, "Mine")
    (button,) = BUTTON.findall(first["fragment"])
    # The phone goes on typing, and its newer value takes the place of the one that waited.
    second = tess.send("answer", FIELD, value="Mine, newer", after=first["client_id"])
    assert second["conflict"] == first["conflict"]
    assert max_.client.post(unescape(button)).status_code == 409
    chosen = {"conflict": first["conflict"], "keep": "mine", "base_version": 1}
    older = max_.send("settle", FIELD, **chosen, typed=first["client_id"])
    assert (older["verdict"], older["status"]) == ("refused", 409)
    assert "Tess Technician" in older["sentence"] and "Mine, newer" in older["fragment"]
    assert stored() == ("Theirs", 1, "max")
    # Neither does an answer that is typed beside it.
    typed = max_.answer(FIELD, "Theirs, longer", base=1, conflict=first["client_id"])
    assert typed["verdict"] == "applied" and "Mine, newer" in typed["fragment"]
    chosen["base_version"] = 2
    newer = max_.send("settle", FIELD, **chosen, typed=second["client_id"])
    assert newer["verdict"] == "applied" and stored() == ("Mine, newer", 3, "tess")


def test_two_phones_may_each_be_in_conflict(tess, max_, client_of, cast, report_id, conflict):
    other = Phone(client_of(cast.ana), report_id).answer(FIELD, "Third")
    assert other["verdict"] == "conflict" and other["conflict"] != conflict
    assert other["fragment"].count('name="conflict"') == 2
    page = max_.client.get(f"/reports/{report_id}/fill?at={FIELD}").text
    waiting = re.findall(r'name="conflict" value="([^"]+)"', page)
    max_.answer(FIELD, "All", base=1, conflict=waiting)
    page = max_.client.get(f"/reports/{report_id}/fill?at={FIELD}").text
    assert 'name="conflict"' not in page


def test_the_history_tells_all_of_it(tess, max_, acting, cast, report_id, conflict):
    max_.client.post(url(report_id, conflict, "mine"))
    page = max_.client.get(f"/reports/{report_id}").text
    assert "waits for a choice: Mine" in page
    assert "chose the answer that waited" in page


def test_a_conflict_of_another_report_is_not_found(tess, acting, cast, client_of, conflict):
    with acting(cast.tess) as actor:
        other = scenarios.a_report(actor).id
    assert tess.client.post(url(other, conflict, "mine")).status_code == 404
    assert (
        Phone(tess.client, other).post("settle", conflict=conflict, keep="mine").status_code == 404
    )
    assert tess.post("settle", conflict=conflict, keep="other").status_code == 404


# --- captions -------------------------------------------------------------------------------------


@pytest.fixture
def placement(acting, cast, report_id):
    with acting(cast.tess) as actor:
        report = get_report(report_id, person=actor)
        return str(scenarios.place_of(scenarios.a_photo(report, "enclosure", actor)).id)


def caption_of(acting, cast):
    with acting(cast.ana):
        row = db.session.scalars(select(PhotoPlacement)).one()
        return row.caption, row.row_version


@pytest.mark.parametrize("keep", ["mine", "theirs"])
def test_captions_conflict_and_are_settled_like_answers(
    tess, max_, acting, cast, report_id, placement, keep, entries
):
    named = {"placement": placement, "base_version": 1}
    assert max_.send("caption", "enclosure", caption="North", **named)["row_version"] == 2
    first = tess.send("caption", "enclosure", caption="South", **named)
    assert (first["verdict"], first["row_version"], first["placement"]) == (
        "conflict",
        2,
        placement,
    )
    second = tess.send(
        "caption", "enclosure", placement=placement, caption="South side", after=first["client_id"]
    )
    assert second["conflict"] == first["conflict"]
    page = tess.client.get(f"/reports/{report_id}/fill?at=enclosure").text
    for words in ("South side", "North", "Max Manager", "Tess Technician", "caption of photo 1"):
        assert words in page, words
    assert f"/reports/{report_id}/conflicts/{first['conflict']}/{keep}" in page
    # An answer to the question does not choose between captions.
    assert 'name="conflict"' not in page
    assert tess.client.post(url(report_id, first["conflict"], keep)).status_code == 303
    expected = ("South side", 3) if keep == "mine" else ("North", 2)
    assert caption_of(acting, cast) == expected
    assert [one["typed"] for one in entries("photo.conflicted")] == ["South", "South side"]
    assert [one["kept"] for one in entries("photo.settled")] == [keep]


def test_a_caption_that_changed_since_is_not_overwritten_by_a_choice(
    tess, max_, acting, cast, report_id, placement
):
    named = {"placement": placement, "base_version": 1}
    max_.send("caption", "enclosure", caption="North", **named)
    first = tess.send("caption", "enclosure", caption="South", **named)
    page = tess.client.get(f"/reports/{report_id}/fill?at=enclosure").text
    (button,) = BUTTON.findall(page)
    max_.send("caption", "enclosure", caption="East", placement=placement, base_version=2)
    assert tess.client.post(unescape(button)).status_code == 409
    chosen = {"conflict": first["conflict"], "keep": "mine"}
    older = tess.send("settle", "enclosure", **chosen, base_version=2)
    assert (older["verdict"], older["status"]) == ("refused", 409)
    assert "Max Manager" in older["sentence"]
    assert caption_of(acting, cast) == ("East", 3)
    done = tess.send("settle", "enclosure", **chosen, base_version=3, typed=first["client_id"])
    assert done["verdict"] == "applied" and caption_of(acting, cast) == ("South", 4)


def test_the_tables_row_of_a_settled_conflict_says_by_whom(max_, acting, cast, report_id, conflict):
    max_.client.post(url(report_id, conflict, "theirs"))
    with acting(cast.ana):
        row = db.session.scalars(select(EditConflict)).one()
        assert (row.kept, row.settled_by, row.typed_by) == ("theirs", cast.max.id, cast.tess.id)
