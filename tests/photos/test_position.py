"""A photo without the required position: a typed reason makes it count permanently."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from app.definition.missing import MissingKind
from app.evidence.queries import list_entries
from app.evidence.verdicts import check_rows
from app.extensions import db
from app.models import PhotoPlacement, PhotoVerdict, Report, Snapshot
from app.reports.completing.service import review_of, submit_report
from app.reports.content import content_hash
from app.reports.facts import load_facts
from tests.support import scenarios

HX = {"HX-Request": "true"}
REASON = "Cable cellar, 12 m below ground: no signal."


@pytest.fixture
def place(acting, cast) -> UUID:
    """The placement of a photo without a position, in an otherwise complete report."""
    with acting(cast.tess) as tess:
        report = scenarios.a_report(
            tess, version=scenarios.a_checklist(tess, scenarios.a_definition_with_positions())
        )
        scenarios.all_answers(report, tess)
        photo = scenarios.a_photo(report, "enclosure", tess, has_position=False, position=3)
        signed = content_hash(report, load_facts(report))
        scenarios.a_signature(report, "technician", tess, content_hash=signed)
        return scenarios.place_of(photo).id


@pytest.fixture
def tess(client_of, cast):
    return client_of(cast.tess)


def the_report() -> Report:
    return db.session.scalars(select(Report)).one()


def missing(acting, cast) -> list[MissingKind]:
    with acting(cast.tess):
        return [item.kind for item in review_of(the_report()).missing]


def explain(client, place, reason=REASON):
    return client.post(f"/photos/{place}/position-reason", data={"reason": reason}, headers=HX)


def sign_again(acting, cast) -> None:
    with acting(cast.tess) as tess:
        report = the_report()
        signed = content_hash(report, load_facts(report))
        scenarios.a_signature(report, "technician", tess, content_hash=signed)


def test_without_a_reason_it_holds_the_submit_and_the_check_links_to_its_card(
    acting, cast, tess, place
):
    assert missing(acting, cast) == [MissingKind.POSITION]
    with acting(cast.tess):
        report_id = the_report().id
    page = tess.get(f"/reports/{report_id}/review").text
    assert "give a reason if no position is available" in page
    address = f"/reports/{report_id}/fill?at=enclosure#photo-enclosure-3"
    assert page.count(f'href="{address}"') == 2, "the item, and the way to the first one"
    fill = tess.get(address).text
    assert 'id="photo-enclosure-3"' in fill and "Position not available" in fill
    assert tess.post(f"/reports/{report_id}/submit").status_code == 422


def test_with_one_it_goes_through_and_stands_in_the_snapshot(acting, cast, tess, place):
    answer = explain(tess, place)
    assert answer.status_code == 200 and REASON in answer.text
    # The signature does not cover this.
    assert missing(acting, cast) == [MissingKind.SIGNATURE_VOID]
    sign_again(acting, cast)
    with acting(cast.tess) as actor:
        submit_report(report_id=the_report().id, actor=actor)
        db.session.commit()
        body = json.loads(db.session.scalars(select(Snapshot.body)).one())
        assert [photo["position_reason"] for photo in body["photos"]] == [REASON]
        # The scenario inserts its photo without a receipt; all else is as frozen.
        assert {one.facts for one in check_rows(the_report().id)} == {("receipt",)}
        report_id = the_report().id
    assert explain(tess, place, "Later words").status_code == 409
    assert f"Why there is no position: {REASON}" in tess.get(f"/reports/{report_id}").text


def test_it_works_without_scripts(acting, cast, tess, place):
    url = f"/photos/{place}/position-reason"
    answer = tess.post(url, data={"reason": REASON})
    assert answer.status_code == 303 and answer.headers["Location"].endswith("#field-enclosure")
    assert missing(acting, cast) == [MissingKind.SIGNATURE_VOID]


def test_it_is_audited_once_with_both_words(acting, cast, tess, place):
    for reason in (REASON, REASON, "Another"):
        explain(tess, place, reason)
    with acting(cast.tess):
        facts = [one.facts["facts"] for one in list_entries("report", the_report().id)]
    told = [(one["old_position_reason"], one["new_position_reason"]) for one in facts]
    assert told == [("", REASON), (REASON, "Another")]
    assert facts[0]["placement"] == str(place)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_a_reason_says_something_and_not_too_much(acting, cast, tess, place, reason):
    answer = explain(tess, place, reason)
    assert answer.status_code == 422
    assert (
        "1,001 characters" if reason.strip() else "Enter the reason in a few words."
    ) in answer.text
    assert missing(acting, cast) == [MissingKind.POSITION]


@pytest.mark.parametrize(
    ("field_id", "options"),
    [
        ("enclosure", {"has_position": True}),
        ("enclosure", {"has_position": False, "verdict": None}),
        ("enclosure", {"has_position": False, "verdict": PhotoVerdict.QUARANTINED}),
        ("enclosure", {"has_position": False, "reading": {"latitude": 1, "longitude": 2}}),
        ("remarks", {"has_position": False}),
    ],
)
def test_where_nothing_is_missing_no_reason_is_taken(acting, cast, tess, place, field_id, options):
    with acting(cast.tess) as actor:
        photo = scenarios.a_photo(the_report(), field_id, actor, position=9, **options)
        other = scenarios.place_of(photo).id
    assert explain(tess, other).status_code == 409
    assert "Position not available" not in tess.get(f"/photos/{other}/card").text


def test_the_reason_changes_the_content_and_its_absence_does_not(acting, cast, place):
    with acting(cast.tess):
        report = the_report()
        facts = load_facts(report)
        before = content_hash(report, facts)
        placement = db.session.scalars(select(PhotoPlacement)).one()
        placement.position_reason = REASON
        (placed,) = facts.photos
        with_reason = replace(facts, photos=(replace(placed, placement=placement),))
        assert content_hash(report, with_reason) != before
        placement.position_reason = ""
        assert content_hash(report, with_reason) == before
        db.session.rollback()
