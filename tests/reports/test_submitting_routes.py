"""Review and submit over HTTP: missing items, waiting for photos, completion."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.definition.outcome import Outcome
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import (
    Document,
    Photo,
    PhotoCheck,
    PhotoPlacement,
    PhotoReading,
    PhotoVerdict,
    Report,
    ReportStatus,
    Snapshot,
    WorkState,
)
from app.reports.content import content_hash
from app.reports.facts import load_facts
from tests.support import scenarios

HTMX = {"HX-Request": "true"}


@pytest.fixture
def tess(client_of, cast):
    return client_of(cast.tess)


@pytest.fixture
def filled(acting, cast):
    """Makes a report of Tess with answers, one photo and a signature; returns its id."""

    def fill(verdict=PhotoVerdict.GOOD, **answers):
        with acting(cast.tess) as actor:
            report = scenarios.a_report(actor)
            scenarios.all_answers(report, actor, **answers)
            scenarios.a_photo(report, "enclosure", actor, verdict=verdict)
            signed = content_hash(report, load_facts(report))
            scenarios.a_signature(report, "technician", actor, content_hash=signed)
            return report.id

    return fill


@pytest.fixture
def empty(acting, cast):
    with acting(cast.tess) as actor:
        return scenarios.a_report(actor).id


def state_of(acting, cast, report_id):
    with acting(cast.tess):
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        snapshots = db.session.scalars(select(Snapshot).where(Snapshot.report_id == report_id))
        documents = db.session.scalars(select(Document).where(Document.report_id == report_id))
        return report.status, report.outcome, len(snapshots.all()), len(documents.all())


def test_a_complete_report_is_submitted_and_its_pdf_asked_for(acting, cast, tess, filled):
    report_id = filled()
    assert "Nothing is missing" in tess.get(f"/reports/{report_id}/review").text
    answer = tess.post(f"/reports/{report_id}/submit")
    assert (answer.status_code, answer.location) == (303, f"/reports/{report_id}")
    assert state_of(acting, cast, report_id) == (ReportStatus.COMPLETED, Outcome.PASSED, 1, 1)
    with acting(cast.tess):
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        assert report.submitted_at and report.completed_at
        assert report.completed_by == cast.tess.id
        document = db.session.scalars(select(Document)).one()
        assert document.is_preview is False


def test_letters_that_the_pdf_cannot_print_are_named_with_their_place(acting, cast, tess, filled):
    """They do not prevent the submit."""
    report_id = filled()
    assert 'id="unprintable"' not in tess.get(f"/reports/{report_id}/review").text
    with acting(cast.tess):
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        report.project.client = "கத"
        report.title = "Done \ue000"
        db.session.execute(
            update(PhotoPlacement)
            .where(PhotoPlacement.report_id == report_id)
            .values(caption="Fine 😀")
        )
        db.session.commit()
    page = tess.get(f"/reports/{report_id}/review").text
    assert "3 texts contain characters that the PDF cannot print" in page
    assert "Caption: <bdi>😀 U+1F600</bdi>" in page
    assert f"/reports/{report_id}/fill?at=enclosure#field-enclosure" in page
    assert "Project: <bdi>க U+0B95, த U+0BA4</bdi>" in page
    assert "Report title: <bdi>U+E000</bdi>" in page


@pytest.mark.parametrize("language", ["ko", "he"])
def test_letters_of_packaged_scripts_are_not_named(acting, cast, tess, filled, language):
    report_id = filled()
    words = {"ko": "배전반 문", "he": "הדלת"}[language]
    with acting(cast.tess):
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        report.project.client = words
        db.session.commit()
    assert 'id="unprintable"' not in tess.get(f"/reports/{report_id}/review").text


def test_a_failed_check_makes_the_report_fail_not_the_submit(acting, cast, tess, filled):
    report_id = filled(insulation={"text": "5", "decimal": "5"})
    assert tess.post(f"/reports/{report_id}/submit").status_code == 303
    assert state_of(acting, cast, report_id)[1] is Outcome.FAILED


def test_a_photo_that_nobody_managed_to_read_is_named_not_waited_for(acting, cast, tess, filled):
    report_id = filled(verdict=None)
    assert "still being read" in tess.get(f"/reports/{report_id}/review").text
    with acting(cast.tess):
        photo_id = db.session.scalars(select(Photo.id)).one()
        db.session.add(PhotoCheck(photo_id=photo_id, state=WorkState.FAILED, attempts=5))
        db.session.commit()
    page = tess.get(f"/reports/{report_id}/review").text
    assert "could not read: 1" in page
    assert "still being read" not in page and 'hx-trigger="every 2s"' not in page
    assert tess.post(f"/reports/{report_id}/submit").status_code == 422


def test_a_double_submit_is_harmless(acting, cast, tess, filled):
    report_id = filled()
    for _twice in range(2):
        assert tess.post(f"/reports/{report_id}/submit").status_code == 303
    assert state_of(acting, cast, report_id)[2:] == (1, 1)
    with acting(cast.tess):
        actions = [entry.action for entry in list_entries("report", report_id)]
        assert actions.count("report.submitted") == actions.count("report.completed") == 1


def set_status(acting, cast, report_id, status):
    """Set a status without the review that leads to it."""
    with acting(cast.tess):
        db.session.execute(update(Report).where(Report.id == report_id).values(status=status))
        db.session.commit()


def test_the_entries_of_a_submit_stand_in_order(acting, cast, tess, filled):
    report_id = filled()
    tess.post(f"/reports/{report_id}/submit")
    with acting(cast.tess):
        actions = [entry.action for entry in list_entries("report", report_id)]
    assert actions == ["report.submitted", "report.completed", "document.requested"]


def test_a_returned_report_is_filled_in_and_submitted_again(acting, cast, tess, filled):
    report_id = filled()
    set_status(acting, cast, report_id, ReportStatus.RETURNED)
    page = tess.get(f"/reports/{report_id}").text
    assert "Returned" in page and "Continue filling in" in page
    answer = tess.post(
        f"/reports/{report_id}/fields/enclosure",
        data={"value": "ok", "comment": "Cleaned", "row_version": "1"},
        headers=HTMX,
    )
    assert answer.status_code == 200
    assert state_of(acting, cast, report_id)[0] is ReportStatus.RETURNED
    with acting(cast.tess) as actor:
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        signed = content_hash(report, load_facts(report))
        scenarios.a_signature(report, "technician", actor, content_hash=signed)
    assert tess.post(f"/reports/{report_id}/submit").status_code == 303
    assert state_of(acting, cast, report_id) == (
        ReportStatus.COMPLETED,
        Outcome.PASSED_WITH_REMARKS,
        1,
        1,
    )


def test_a_report_that_waits_for_its_review_is_left_alone(acting, cast, tess, filled):
    report_id = filled()
    set_status(acting, cast, report_id, ReportStatus.SUBMITTED)
    answer = tess.post(f"/reports/{report_id}/discard")
    assert answer.status_code == 409
    assert "was submitted and is waiting for review" in answer.text
    assert tess.post(f"/reports/{report_id}/submit").status_code == 303
    assert state_of(acting, cast, report_id) == (ReportStatus.SUBMITTED, None, 0, 0)


def test_what_is_missing_is_listed_with_links(acting, cast, tess, empty):
    answer = tess.post(f"/reports/{empty}/submit")
    assert answer.status_code == 422
    for field_id in ("customer", "inspected_on", "enclosure", "cable_entry", "insulation"):
        assert f"/reports/{empty}/fill?at={field_id}#field-{field_id}" in answer.text
    assert f"/reports/{empty}/fill?at=signatures#signature-technician" in answer.text
    assert "signature-client" not in answer.text
    assert state_of(acting, cast, empty) == (ReportStatus.DRAFT, None, 0, 0)


def test_page_and_fragment_of_the_check_agree(tess, empty):
    page = tess.get(f"/reports/{empty}/review").text
    fragment = tess.get(f"/reports/{empty}/review", headers=HTMX).text
    assert fragment.strip().startswith('<div id="review"') and "<html" not in fragment
    assert fragment.count("row-title") == page.count("row-title") == 8
    asked = fragment.partition("review-result")[0].count('<p class="meta">')
    assert asked == 9, "of one question an answer and a photo"
    assert "hx-trigger" not in fragment


def test_the_submit_waits_for_photos_that_are_being_read(acting, cast, tess, filled):
    report_id = filled(verdict=None)
    check = tess.get(f"/reports/{report_id}/review", headers=HTMX).text
    assert "1 photo is still being read" in check and 'hx-trigger="every 2s"' in check
    assert tess.post(f"/reports/{report_id}/submit").status_code == 422
    with acting(cast.tess):
        photo = (
            load_facts(db.session.scalars(select(Report).where(Report.id == report_id)).one())
            .photos[0]
            .photo
        )
        db.session.add(
            PhotoReading(photo_id=photo.id, verdict=PhotoVerdict.GOOD, parser_version="test")
        )
        db.session.commit()
    assert "hx-trigger" not in tess.get(f"/reports/{report_id}/review", headers=HTMX).text
    assert tess.post(f"/reports/{report_id}/submit").status_code == 303


def test_a_quarantined_photo_does_not_count(tess, filled):
    report_id = filled(verdict=PhotoVerdict.QUARANTINED)
    answer = tess.post(f"/reports/{report_id}/submit")
    assert answer.status_code == 422 and "could not be read" in answer.text


def test_a_void_signature_holds_the_submit(tess, filled):
    report_id = filled()
    save = f"/reports/{report_id}/fields/remarks"
    tess.post(save, data={"value": "One more thing", "row_version": "1"}, headers=HTMX)
    answer = tess.post(f"/reports/{report_id}/submit")
    assert answer.status_code == 422 and "Sign again" in answer.text


def test_a_finished_report_has_no_check_any_more(tess, filled):
    report_id = filled()
    tess.post(f"/reports/{report_id}/submit")
    answer = tess.get(f"/reports/{report_id}/review")
    assert (answer.status_code, answer.location) == (303, f"/reports/{report_id}")


def test_others_may_not_submit(acting, client_of, cast, anonymous, filled):
    report_id = filled()
    for person, status in ((cast.otto, 404), (cast.tom, 404), (cast.vera, 403), (cast.sam, 403)):
        client = client_of(person)
        assert client.get(f"/reports/{report_id}/review").status_code == status
        assert client.post(f"/reports/{report_id}/submit").status_code == status
    assert "/login" in anonymous.get(f"/reports/{report_id}/review").location
    assert anonymous.post(f"/reports/{report_id}/submit", headers=HTMX).status_code == 401
    assert state_of(acting, cast, report_id)[0] is ReportStatus.DRAFT
