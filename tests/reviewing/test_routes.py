"""The reviewer's page, the technician's answers, and who may do what over HTTP."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.evidence.service import record
from app.extensions import db
from app.models import ANY_MANAGER, Checklist, Project, Report, ReportStatus, ReviewComment
from app.reports.completing.service import submit_report
from app.reports.content import content_hash
from app.reports.facts import load_facts
from app.reports.filling.service import AnswerInput, save_answer
from app.reports.queries import get_report
from tests.support import scenarios
from tests.support.guests import definition_with_client
from tests.support.operations import make_complete
from tests.support.revisions import REASON, a_completed_report, correct, finish

HTMX = {"HX-Request": "true"}
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def people(client_of, cast):
    return {name: client_of(getattr(cast, name)) for name in ("ana", "max", "tess", "vera")}


def status_of(acting, cast, report_id):
    with acting(cast.ana):
        return db.session.scalars(select(Report.status).where(Report.id == report_id)).one()


def comment_of(acting, cast) -> ReviewComment:
    with acting(cast.ana):
        return db.session.scalars(select(ReviewComment)).one()


def say(client, report_id, field_id="enclosure", words="Open the door", **headers):
    url = f"/reports/{report_id}/reviewing/{field_id}/comments"
    return client.post(url, data={"words": words}, headers=headers)


def settle(client, acting, cast, report_id, to="done"):
    comment_id = comment_of(acting, cast).id
    return client.post(f"/reports/{report_id}/reviewing/comments/{comment_id}", data={"to": to})


def test_returned_with_a_comment_fixed_and_approved(acting, cast, people, submitted):
    report_id = submitted()
    assert say(people["max"], report_id).location.endswith("/reviewing#field-enclosure")
    assert people["max"].post(f"/reports/{report_id}/return").status_code == 303
    there = people["tess"].get(f"/reports/{report_id}/fill")
    assert there.location == f"/reports/{report_id}/fill?at=enclosure#comments-enclosure"
    page = people["tess"].get(there.location).text
    assert "Open the door" in page and 'id="comments-enclosure"' in page
    comment_id = comment_of(acting, cast).id
    answer = people["tess"].post(
        f"/reports/{report_id}/comments/{comment_id}",
        data={"reply": "It is open now", "is_done": "y"},
    )
    assert answer.location == there.location
    assert people["tess"].post(f"/reports/{report_id}/submit").status_code == 303
    page = people["max"].get(f"/reports/{report_id}/reviewing").text
    assert "It is open now" in page and "Comments so far" in page
    assert people["max"].post(f"/reports/{report_id}/approve").status_code == 303
    assert status_of(acting, cast, report_id) is ReportStatus.COMPLETED


def test_exceptions_come_first_and_every_question_once(acting, cast, people, filled):
    report_id = filled()
    with acting(cast.tess) as tess:
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        db.session.execute(
            db.text(
                'update answers set value = \'{"text": "5", "decimal": "5"}\''
                " where field_id = 'insulation'"
            )
        )
        db.session.commit()
        scenarios.a_valid_signature(report, "technician", tess)
    people["tess"].post(f"/reports/{report_id}/submit")
    page = people["max"].get(f"/reports/{report_id}/reviewing").text
    fields = re.findall(r'id="field-([a-z_]+)"', page)
    assert fields[0] == "insulation"
    assert len(fields) == len(set(fields)) == len(scenarios.GOOD_ANSWERS)
    assert "kind=print" in page or "/print.jpg" in page, "photos are shown large"


def test_the_second_round_shows_only_what_changed(acting, cast, people, submitted):
    report_id = submitted()
    say(people["max"], report_id, "enclosure")
    people["max"].post(f"/reports/{report_id}/return")
    people["tess"].post(
        f"/reports/{report_id}/fields/remarks", data={"value": "Door opened", "row_version": "1"}
    )
    with acting(cast.tess) as tess:
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        scenarios.a_valid_signature(report, "technician", tess)
    people["tess"].post(f"/reports/{report_id}/submit")
    page = people["max"].get(f"/reports/{report_id}/reviewing").text
    assert re.findall(r'id="field-([a-z_]+)"', page) == ["enclosure", "remarks"]
    assert "<del>Nada a declarar.</del> <ins>Door opened</ins>" in page
    assert "Tess Technician" in page.partition("<ins>")[2]
    whole = people["max"].get(f"/reports/{report_id}/reviewing?all=1").text
    assert len(re.findall(r'id="field-([a-z_]+)"', whole)) == len(scenarios.GOOD_ANSWERS)


def test_page_and_fragment_agree(people, submitted):
    report_id = submitted()
    url = f"/reports/{report_id}/reviewing"
    page, fragment = people["max"].get(url).text, people["max"].get(url, headers=HTMX).text
    assert "<html" in page and "<html" not in fragment
    assert page.count("data-review-field") == fragment.count("data-review-field") > 0


def test_a_change_answers_with_the_field_and_the_counts(people, submitted):
    report_id = submitted()
    answer = people["max"].post(f"/reports/{report_id}/reviewing/remarks/accept", headers=HTMX)
    assert answer.status_code == 200 and "data-accepted" in answer.text
    assert 'id="review-bar"' in answer.text and "Looked at: 1 of 9" in answer.text
    said = say(people["max"], report_id, "remarks", "Why?", **HTMX)
    assert "Why?" in said.text and "1 open comment" in said.text
    assert "data-accepted" not in said.text


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("words", ["", "   ", "x" * 2001])
def test_an_invalid_comment_is_shown_again(acting, cast, people, submitted, words, headers):
    report_id = submitted()
    answer = say(people["max"], report_id, "enclosure", words, **headers)
    assert answer.status_code == 422 and "form-error" in answer.text
    with acting(cast.max):
        assert db.session.scalars(select(ReviewComment)).all() == []


def test_an_invalid_answer_is_refused(acting, cast, people, submitted):
    report_id = submitted()
    say(people["max"], report_id)
    people["max"].post(f"/reports/{report_id}/return")
    url = f"/reports/{report_id}/comments/{comment_of(acting, cast).id}"
    answer = people["tess"].post(url, data={"reply": "x" * 2001}, headers=HTMX)
    assert answer.status_code == 422 and "form-error" in answer.text
    assert comment_of(acting, cast).reply == ""


def test_a_page_without_a_review_leads_to_the_report(people, filled):
    report_id = filled()
    assert people["max"].get(f"/reports/{report_id}/reviewing").location == f"/reports/{report_id}"


@pytest.mark.parametrize("verb", ["return", "approve"])
def test_what_is_refused_says_why(people, submitted, verb):
    report_id = submitted()
    if verb == "approve":
        say(people["max"], report_id)
    answer = people["max"].post(f"/reports/{report_id}/{verb}")
    assert answer.status_code == 409
    assert ("No comment is open" if verb == "return" else "1 comment is open") in answer.text


def test_a_double_click_is_harmless(acting, cast, people, submitted):
    report_id = submitted()
    for _time in range(2):
        say(people["max"], report_id)
    assert people["max"].post(f"/reports/{report_id}/return").status_code == 303
    assert people["max"].post(f"/reports/{report_id}/return").status_code == 409
    assert status_of(acting, cast, report_id) is ReportStatus.RETURNED


def test_a_comment_is_settled_and_opened_again(acting, cast, people, submitted):
    report_id = submitted()
    say(people["max"], report_id)
    settle(people["max"], acting, cast, report_id)
    assert comment_of(acting, cast).done_by == cast.max.id
    settle(people["max"], acting, cast, report_id, to="open")
    assert comment_of(acting, cast).done_at is None


def test_a_comment_of_another_report_is_not_found(acting, cast, people, submitted):
    first, second = submitted(), submitted()
    say(people["max"], first)
    comment_id = comment_of(acting, cast).id
    url = f"/reports/{second}/reviewing/comments/{comment_id}"
    assert people["max"].post(url).status_code == 404
    assert people["max"].post(f"/reports/{NOWHERE}/approve").status_code == 404


def test_a_technician_is_no_reviewer(people, submitted):
    report_id = submitted()
    assert people["tess"].get(f"/reports/{report_id}/reviewing").status_code == 403
    for verb in ("return", "approve"):
        assert people["tess"].post(f"/reports/{report_id}/{verb}").status_code == 403


class TestReportPage:
    def test_it_says_that_it_waits_and_offers_the_withdrawal(self, acting, cast, people, submitted):
        report_id = submitted()
        page = people["tess"].get(f"/reports/{report_id}").text
        assert "Submitted: waiting for review" in page and "Withdraw" in page
        assert "1 minute" in page
        assert f"/reports/{report_id}/reviewing" not in page
        assert f"/reports/{report_id}/reviewing" in people["max"].get(f"/reports/{report_id}").text
        answer = people["tess"].post(f"/reports/{report_id}/withdraw")
        assert answer.location == f"/reports/{report_id}/fill"
        assert status_of(acting, cast, report_id) is ReportStatus.IN_PROGRESS

    def test_a_begun_review_is_named(self, people, submitted):
        report_id = submitted()
        people["max"].post(f"/reports/{report_id}/reviewing/remarks/accept")
        page = people["tess"].get(f"/reports/{report_id}").text
        assert "Max Manager has begun the review." in page
        assert f"/reports/{report_id}/withdraw" not in page
        assert people["tess"].post(f"/reports/{report_id}/withdraw").status_code == 409

    def test_the_check_says_that_the_submit_does_not_complete(self, people, filled):
        page = people["tess"].get(f"/reports/{filled()}/review").text
        assert "waits for its review" in page and "Submit for review" in page
        page = people["tess"].get(f"/reports/{filled(())}/review").text
        assert "waits for its review" not in page and "Submit the report" in page


class TestStartPage:
    def test_reviewers_see_what_waits_for_them_with_its_age(self, cast, people, submitted):
        report_id = submitted((str(cast.ana.id),))
        there = f"/reports/{report_id}/reviewing"
        ana = people["ana"].get("/").text
        assert there in ana and "Waiting for your review" in ana and "waiting for 1 minute" in ana
        assert there not in people["max"].get("/").text

    def test_technicians_see_theirs(self, people, submitted):
        report_id = submitted()
        page = people["tess"].get("/").text
        assert "In review" in page and f'href="/reports/{report_id}"' in page

    def test_the_list_finds_them_by_status(self, people, submitted):
        report_id = submitted()
        assert f"/reports/{report_id}" in people["max"].get("/reports/?status=submitted").text
        assert f"/reports/{report_id}" not in people["max"].get("/reports/?status=returned").text


class TestRules:
    @pytest.fixture
    def places(self, acting, cast, filled):
        report_id = filled(())
        with acting(cast.max):
            report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
            return f"/checklists/{report.version.checklist_id}", f"/projects/{report.project_id}"

    def rules(self, acting, cast):
        with acting(cast.max):
            checklist = db.session.scalars(select(Checklist.review_steps)).one()
            return checklist, db.session.scalars(select(Project.review_steps)).one()

    def test_two_steps_are_saved(self, acting, cast, people, places):
        ana = str(cast.ana.id)
        for place in places:
            answer = people["max"].post(f"{place}/review", data={"first": "manager", "second": ana})
            assert answer.status_code == 303
            page = people["max"].get(place).text
            assert f'<option selected value="{ana}">Ana Admin' in page
        assert "Any manager or admin → Ana Admin" in page, "the project names both"
        assert self.rules(acting, cast) == (["manager", ana], ["manager", ana])

    def test_a_project_follows_its_checklists_again(self, acting, cast, people, places):
        for first in ("nobody", "checklist"):
            data = {"first": first, "second": "nobody"}
            people["max"].post(f"{places[1]}/review", data=data)
            wanted = [] if first == "nobody" else None
            assert self.rules(acting, cast)[1] == wanted

    @pytest.mark.parametrize("chosen", ["tess", "otto", "nobody else"])
    def test_only_managers_can_be_named(self, acting, cast, people, places, chosen):
        one = getattr(cast, chosen, None)
        for place in places:
            data = {"first": str(one.id) if one else chosen, "second": "nobody"}
            assert people["max"].post(f"{place}/review", data=data).status_code == 422
        assert self.rules(acting, cast) == ([], None)

    def test_the_same_person_twice_is_refused(self, acting, cast, people, places):
        data = dict.fromkeys(("first", "second"), str(cast.ana.id))
        for place in places:
            answer = people["max"].post(f"{place}/review", data=data)
            assert answer.status_code == 422 and "Both steps name the same person" in answer.text
        assert self.rules(acting, cast) == ([], None)

    @pytest.mark.parametrize("first", ["nobody", "checklist"])
    def test_a_second_reviewer_without_a_first_is_refused(
        self, acting, cast, people, places, first
    ):
        data = {"first": first, "second": str(cast.ana.id)}
        for place in places[1:] if first == "checklist" else places:
            answer = people["max"].post(f"{place}/review", data=data)
            assert answer.status_code == 422 and "Choose a first" in answer.text
            assert f'<option selected value="{cast.ana.id}">' in answer.text
        assert self.rules(acting, cast) == ([], None)

    def test_the_change_is_told_in_words(self, people, places):
        people["ana"].post(f"{places[0]}/review", data={"first": ANY_MANAGER, "second": "nobody"})
        assert "changed who reviews the reports" in people["ana"].get("/audit").text


def test_the_setting_is_saved(acting, cast, people):
    data = {"name": "Acme", "locale": "en", "time_zone": "UTC", "may_approve_own": "y"}
    assert people["ana"].post("/company/settings", data=data).status_code == 303
    assert re.search(
        r'<input[^>]*checked[^>]*name="may_approve_own"',
        people["ana"].get("/company/settings").text,
    )


class TestCorrections:
    @pytest.fixture
    def corrected(self, acting, cast):
        """A correction that waits for its review: an answer and a photo are new."""
        with acting(cast.tess) as tess:
            version = scenarios.a_checklist(tess)
            older = a_completed_report(tess, version=version)
            version.checklist.review_steps = [ANY_MANAGER]
            newer = correct(older, tess)
            given = AnswerInput(row_version=1, value="Clínica Sul")
            save_answer(report_id=newer.id, field_id="customer", given=given, actor=tess)
            photo = scenarios.a_photo(newer, "insulation", tess, caption="Meter")
            facts = {"photo": str(photo.id), "field": "insulation", "sha256": photo.sha256}
            record("photo.received", newer, tess, **facts)
            return older.full_number, finish(newer, tess).id

    def test_what_it_changed_comes_first(self, people, corrected):
        older, newer = corrected
        page = people["max"].get(f"/reports/{newer}/reviewing").text
        assert f"Correction of {older}" in page and REASON in page
        assert f"/reports/{newer}#changes-title" in page
        changed, rest = page.split(f"Changes since {older}</h2>", 1)[1].split("<h2", 1)
        assert re.findall(r'id="field-([a-z_]+)"', changed) == ["customer", "insulation"]
        assert "<del>Hospital São Lucas</del> <ins>Clínica Sul</ins>" in changed
        assert "Tess Technician" in changed and "added a photo" in changed
        assert 'id="field-remarks"' in rest and "<del>" not in rest

    def test_a_first_report_corrects_nothing(self, people, submitted):
        page = people["max"].get(f"/reports/{submitted()}/reviewing").text
        assert "Correction of" not in page and "Changes since" not in page


@pytest.mark.parametrize("steps", [1, 2])
def test_nobody_can_press_approve_while_a_signature_is_due(acting, cast, people, steps):
    """Only the last step waits for it."""
    with acting(cast.tess) as tess:
        version = scenarios.a_checklist(
            tess, definition_with_client(), review_steps=[ANY_MANAGER] * steps
        )
        report = scenarios.a_report(tess, version=version)
        make_complete(report, tess)
        report_id = report.id
        submit_report(report_id=report_id, actor=tess)
        db.session.commit()

    def button(person: str = "ana") -> str:
        page = people[person].get(f"/reports/{report_id}/reviewing").text
        form = page.split(f'action="/reports/{report_id}/approve"', 1)[1]
        return form.split("<button", 1)[1].split(">", 1)[0]

    if steps == 2:
        assert "disabled" not in button("max")
        people["max"].post(f"/reports/{report_id}/approve")
    assert "disabled" in button()
    with acting(cast.max) as boss:
        found = get_report(report_id, person=boss)
        signed = content_hash(found, load_facts(found))
        scenarios.a_signature(found, "client", boss, content_hash=signed)
    assert "disabled" not in button()
