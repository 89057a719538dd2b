"""A report that was closed on a phone is checked when it arrives."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import ANY_MANAGER, Report
from app.reports.content import content_hash
from app.reports.facts import load_facts
from app.reports.queries import get_report
from tests.support import scenarios
from tests.support.operations import make_complete


def complete(acting, cast, report_id):
    with acting(cast.tess) as actor:
        make_complete(get_report(report_id, person=actor), actor)


def status(acting, cast, report_id):
    with acting(cast.ana):
        return db.session.scalars(select(Report.status).where(Report.id == report_id)).one()


def test_a_complete_report_is_submitted(tess, acting, cast, report_id):
    complete(acting, cast, report_id)
    verdict = tess.send("submit")
    assert (verdict["verdict"], verdict["redirect"]) == ("applied", f"/reports/{report_id}")
    assert verdict["fragment"] == "" and status(acting, cast, report_id) == "completed"


def test_what_is_missing_comes_back_with_links(tess, acting, cast, report_id):
    sent = str(uuid4())
    verdict = tess.send("submit", client_id=sent)
    assert (verdict["verdict"], verdict["status"], verdict["redirect"]) == ("refused", 422, None)
    assert "items are missing" in verdict["sentence"]
    assert f"/reports/{report_id}/fill?at=inspected_on#field-inspected_on" in verdict["fragment"]
    assert "#signature-technician" in verdict["fragment"]
    again = tess.send("submit", client_id=sent)
    assert (again["was"], again["sentence"]) == ("refused", verdict["sentence"])
    assert status(acting, cast, report_id) == "draft"


def test_it_waits_for_everything_that_the_phone_has_not_heard_of(tess, acting, cast, report_id):
    complete(acting, cast, report_id)
    first, second, sent = (str(uuid4()) for _time in range(3))
    waiting = {"client_id": sent, "after": [first, second]}
    tess.answer("remarks", "Fine", base=1, client_id=first)
    assert tess.send("submit", **waiting)["needs"] == "predecessor"
    assert status(acting, cast, report_id) != "completed"
    tess.answer("accessories", "lamp", base=1, client_id=second)
    # The signature covers the earlier content; the checklist asks for a valid one.
    refused = tess.send("submit", **waiting)
    assert refused["verdict"] == "refused" and "#signature-technician" in refused["fragment"]


def test_photos_that_are_being_read_make_it_wait(tess, acting, cast, report_id):
    complete(acting, cast, report_id)
    with acting(cast.tess) as actor:
        report = get_report(report_id, person=actor)
        scenarios.a_photo(report, "enclosure", actor, verdict=None)
        signed = content_hash(report, load_facts(report))
        scenarios.a_signature(report, "technician", actor, content_hash=signed)
    verdict = tess.send("submit")
    assert (verdict["verdict"], verdict["needs"]) == ("early", "reading")
    assert status(acting, cast, report_id) == "draft"


def test_an_open_conflict_stops_it_and_is_named(tess, max_, acting, cast, report_id):
    complete(acting, cast, report_id)
    assert tess.answer("customer", "Mine", base=0)["verdict"] == "conflict"
    verdict = tess.send("submit")
    assert verdict["verdict"] == "refused" and "1 item is missing" in verdict["sentence"]
    assert "Two people changed this" in verdict["fragment"]
    assert "at=customer#field-customer" in verdict["fragment"]
    page = tess.client.get(f"/reports/{report_id}").text
    assert "1 question was changed by two people" in page
    assert f"/reports/{report_id}/fill?at=customer#field-customer" in page
    review = tess.client.get(f"/reports/{report_id}/review").text
    assert "1 left" in review and "Two people changed this" in review


@pytest.fixture
def reviewed(acting, cast, report_id):
    """The report's checklist asks for a review."""
    with acting(cast.ana):
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        report.version.checklist.review_steps = [ANY_MANAGER]
        db.session.commit()
    return report_id


def test_with_a_reviewer_it_waits_and_says_so(tess, acting, cast, reviewed):
    complete(acting, cast, reviewed)
    sent = str(uuid4())
    verdict = tess.send("submit", client_id=sent)
    assert (verdict["verdict"], verdict["redirect"]) == ("applied", f"/reports/{reviewed}")
    assert "is submitted and waits for its review" in verdict["sentence"]
    assert status(acting, cast, reviewed) == "submitted"
    again = tess.send("submit", client_id=sent)
    assert (again["verdict"], again["sentence"]) == ("known", verdict["sentence"])


def test_without_one_it_says_that_the_report_is_completed(tess, acting, cast, report_id):
    complete(acting, cast, report_id)
    assert "is completed" in tess.send("submit")["sentence"]


def test_what_arrives_for_a_submitted_report_is_set_aside(tess, acting, cast, reviewed):
    complete(acting, cast, reviewed)
    tess.send("submit")
    late = tess.answer("remarks", "Late", base=1)
    assert (late["verdict"], late["status"]) == ("refused", 409)
    assert "waits for its review" in late["sentence"]


def test_a_returned_report_takes_work_again(tess, max_, acting, cast, reviewed):
    complete(acting, cast, reviewed)
    tess.send("submit")
    comment = f"/reports/{reviewed}/reviewing/remarks/comments"
    max_.client.post(comment, data={"words": "Say more"})
    assert max_.client.post(f"/reports/{reviewed}/return").status_code == 303
    assert tess.answer("remarks", "More", base=1)["verdict"] == "applied"
    assert status(acting, cast, reviewed) == "returned"
