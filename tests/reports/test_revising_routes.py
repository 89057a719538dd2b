"""The pages that correct a completed report, and what the pages of both revisions say."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from app.extensions import db
from app.models import Report, ReportStatus, Tenant
from app.reports.lifecycle import discard_report
from app.reports.queries import get_report
from tests.support import scenarios
from tests.support.revisions import (
    REASON,
    a_completed_report,
    a_newer_version,
    correct,
    finish,
    placements_of,
)

HTMX = {"HX-Request": "true"}


@pytest.fixture
def older(acting, cast) -> UUID:
    """The id of a completed report of Tess."""
    with acting(cast.tess) as tess:
        return a_completed_report(tess, photos=2).id


def form(**changes: str) -> dict[str, str]:
    return {"client_id": str(uuid4()), "reason": REASON, **changes}


def url(report_id: UUID) -> str:
    return f"/reports/{report_id}/correct"


def revisions(acting, person) -> list[Report]:
    with acting(person):
        return list(db.session.scalars(select(Report).order_by(Report.revision)))


def test_a_technician_corrects_a_report_and_goes_on_to_fill_it(client_of, acting, cast, older):
    client = client_of(cast.tess)
    assert f'href="{url(older)}"' in client.get(f"/reports/{older}").text
    assert client.get(url(older)).status_code == 200
    answer = client.post(url(older), data=form())
    assert answer.status_code == 303 and answer.location.endswith("/fill")
    _old, new = revisions(acting, cast.tess)
    assert str(new.id) in answer.location
    assert (new.status, new.revision_reason) == (ReportStatus.IN_PROGRESS, REASON)
    assert client.get(answer.location).status_code == 200


def test_a_manager_corrects_for_the_technician(client_of, acting, cast, older):
    answer = client_of(cast.max).post(url(older), data=form())
    _old, new = revisions(acting, cast.max)
    assert answer.location.endswith(f"/reports/{new.id}")
    assert (new.started_by, new.assignee_id) == (cast.max.id, cast.tess.id)


def test_the_form_and_its_fragment_agree(client_of, cast, older):
    client = client_of(cast.tess)
    page, fragment = client.get(url(older)), client.get(url(older), headers=HTMX)
    assert 'name="reason"' in fragment.text
    assert "<html" in page.text and "<html" not in fragment.text


def test_a_reason_is_needed(client_of, acting, cast, older):
    client = client_of(cast.tess)
    for data in (form(reason=" "), form(reason="x" * 1001)):
        assert client.post(url(older), data=data).status_code == 422
    assert len(revisions(acting, cast.tess)) == 1


def test_a_form_sent_twice_makes_one_revision(client_of, acting, cast, older):
    client, data = client_of(cast.tess), form()
    places = {client.post(url(older), data=data).location for _ in range(2)}
    assert len(places) == 1
    assert len(revisions(acting, cast.tess)) == 2


def test_a_second_correction_is_refused_with_its_reason(client_of, acting, cast, older):
    client = client_of(cast.tess)
    client.post(url(older), data=form())
    answer = client.post(url(older), data=form())
    assert answer.status_code == 409
    assert client.get(url(older)).location.endswith(f"/reports/{older}")
    for page in (answer.text, client.get(url(older), follow_redirects=True).text):
        assert "is already being corrected" in page
    page = client.get(f"/reports/{older}").text
    assert "This report is being corrected" in page
    assert f'href="{url(older)}"' not in page


def test_who_may_not(client_of, anonymous, acting, cast, older):
    for person, status in ((cast.tom, 404), (cast.otto, 404), (cast.vera, 403)):
        client = client_of(person)
        assert client.get(url(older)).status_code == status
        assert client.post(url(older), data=form()).status_code == status
    assert anonymous.get(url(older)).status_code in (302, 303)
    with acting(cast.ana):
        db.session.execute(update(Tenant).values(technicians_correct=False))
        db.session.commit()
    client = client_of(cast.tess)
    assert f'href="{url(older)}"' not in client.get(f"/reports/{older}").text
    for answer in (client.get(url(older)), client.post(url(older), data=form())):
        assert answer.status_code == 403
        assert "only managers and admins" in answer.text
    assert client_of(cast.max).post(url(older), data=form()).status_code == 303


def test_a_draft_cannot_be_corrected(client_of, acting, cast):
    with acting(cast.tess) as tess:
        draft = scenarios.a_report(tess).id
    assert client_of(cast.tess).post(url(draft), data=form()).status_code == 409


def test_an_admin_decides_whether_technicians_correct(client_of, acting, cast):
    client = client_of(cast.ana)
    page = client.get("/company/settings").text
    assert 'name="technicians_correct"' in page
    data = {"name": "Acme", "locale": "en", "time_zone": "UTC"}
    assert client.post("/company/settings", data=data).status_code == 303
    with acting(cast.ana):
        own = select(Tenant.technicians_correct).where(Tenant.id == cast.acme)
        assert db.session.scalar(own) is False


def test_the_newest_version_is_offered_with_what_becomes_of_each_answer(
    client_of, acting, cast, older
):
    with acting(cast.tess) as tess:
        report = get_report(older, person=tess)
        whole = report.version.definition
        tests = whole.sections[1]
        fewer = tests.model_copy(update={"fields": tests.fields[1:]})
        body = whole.model_copy(update={"sections": (whole.sections[0], fewer)})
        version_id = a_newer_version(report.version, body, tess).id
    client = client_of(cast.tess)
    page = client.get(url(older)).text
    assert f'value="{version_id}"' in page
    assert "1 question loses an answer" in page and "Insulation resistance" in page
    assert "The new version does not ask this." in page
    stale = client.post(url(older), data=form(version_id=str(uuid4())))
    assert stale.status_code == 422
    answer = client.post(url(older), data=form(version_id=str(version_id)))
    assert answer.status_code == 303
    _old, new = revisions(acting, cast.tess)
    assert new.version_id == version_id
    shown = client.get(f"/reports/{new.id}").text
    assert "Version 1 of the checklist was replaced by version 2." in shown
    assert "not carried over" in shown and "Insulation resistance" in shown


def test_pages_lists_and_files_say_which_revision_counts(client_of, acting, cast, older):
    with acting(cast.tess) as tess:
        newer = correct(get_report(older, person=tess), tess)
        newer_id, number, project_id = newer.id, newer.number, newer.project_id
        scenarios.a_grant(cast.vera.id, project_id)
    tess_client, viewer = client_of(cast.tess), client_of(cast.vera)
    assert "Superseded" not in tess_client.get("/reports/").text
    assert f"{number}-R1" in tess_client.get("/reports/").text
    assert f"{number}-R1" not in viewer.get("/reports/").text
    assert "being corrected" not in viewer.get(f"/reports/{older}").text
    with acting(cast.tess) as tess:
        finish(get_report(newer_id, person=tess), tess)
    for client in (tess_client, viewer):
        listed = client.get("/reports/", query_string={"search": number}).text
        assert listed.count("Superseded by R1") == 1
        page = client.get(f"/reports/{older}").text
        assert "This report is superseded" in page and f"/reports/{newer_id}" in page
        shown = client.get(f"/reports/{newer_id}").text
        assert "Superseded" not in shown and f"Changes since {number}-R0" in shown
    project = tess_client.get(f"/projects/{project_id}").text
    assert project.count("Superseded by R1") == 1
    sheet = tess_client.get("/reports/export.csv").text
    assert "Superseded by" in sheet and sheet.count(',"R1"') == 1


def test_a_discarded_correction_leaves_the_older_one_valid(client_of, acting, cast, older):
    with acting(cast.tess) as tess:
        newer = correct(get_report(older, person=tess), tess)
        discard_report(report_id=newer.id, actor=tess)
        db.session.commit()
    page = client_of(cast.tess).get(f"/reports/{older}").text
    assert "uperseded" not in page and f'href="{url(older)}"' in page


def test_a_photo_is_read_through_the_placement_of_each_revision(client_of, acting, cast):
    data = b"\xff\xd8\xff stored as received"
    with acting(cast.tess) as tess:
        report = scenarios.a_report(tess)
        scenarios.all_answers(report, tess)
        scenarios.a_photo(report, "enclosure", tess, data=data)
        report = finish(report, tess)
        newer = correct(report, tess)
        (old,), (new,) = placements_of(report), placements_of(newer)
        scenarios.a_grant(cast.vera.id, report.project_id)
        old_id, new_id, newer_id = old.id, new.id, newer.id
    viewer, other = client_of(cast.vera), client_of(cast.tom)
    for client, allowed in ((client_of(cast.tess), {old_id, new_id}), (viewer, {old_id})):
        for placement_id in (old_id, new_id):
            answer = client.get(f"/photos/{placement_id}/original", follow_redirects=True)
            assert answer.status_code == (200 if placement_id in allowed else 404)
            if placement_id in allowed:
                assert answer.data == data
    assert other.get(f"/photos/{new_id}/original").status_code == 404
    with acting(cast.max):
        db.session.execute(
            update(Report).where(Report.id == newer_id).values(assignee_id=cast.tom.id)
        )
        db.session.commit()
    assert other.get(f"/photos/{new_id}/original").status_code < 400
    assert other.get(f"/photos/{old_id}/original").status_code == 404


def test_an_operation_for_the_older_report_never_reaches_the_correction(
    client_of, acting, cast, older
):
    with acting(cast.tess) as tess:
        newer_id = correct(get_report(older, person=tess), tess).id
    client = client_of(cast.tess)
    sent = {
        "kind": "answer",
        "field_id": "customer",
        "client_id": str(uuid4()),
        "value": "From a phone that was offline",
        "base_version": "1",
    }
    answer = client.post(
        f"/reports/{older}/operations", data=sent, headers={"X-Requested-With": "fetch"}
    )
    assert answer.json["verdict"] != "applied"
    with acting(cast.tess):
        text = func.count(Report.id)
        assert db.session.scalar(select(text).where(Report.id == newer_id)) == 1
        values = db.session.execute(
            db.text("select value from answers where field_id = 'customer'")
        ).scalars()
        assert set(values) == {scenarios.GOOD_ANSWERS["customer"]}
