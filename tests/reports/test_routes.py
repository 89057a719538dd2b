"""The pages of reports: list, start, read, discard, archive, and who sees which report."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from app.definition.outcome import Outcome
from app.extensions import db
from app.models import Report, ReportStatus
from tests.support import scenarios

HTMX = {"HX-Request": "true"}


@pytest.fixture
def parts(acting, cast):
    """The ids of a published checklist and a project."""
    with acting(cast.max) as actor:
        version, project = scenarios.a_checklist(actor), scenarios.a_project(actor)
        return version.checklist_id, project.id


def form(parts, **changes):
    checklist_id, project_id = parts
    return {
        "client_id": str(uuid4()),
        "checklist_id": str(checklist_id),
        "project_id": str(project_id),
        "title": "Main switchboard",
        **changes,
    }


def test_a_technician_starts_a_report_and_goes_on_to_fill_it(client_of, acting, cast, parts):
    client = client_of(cast.tess)
    page = client.get(f"/reports/new?checklist={parts[0]}&project={parts[1]}")
    assert page.status_code == 200
    assert f'<option selected value="{parts[0]}">' in page.text
    assert "assignee_id" not in page.text
    answer = client.post("/reports/", data=form(parts, equipment_tag="  QTA-01 "))
    assert answer.status_code == 303
    assert answer.location.endswith("/fill")
    with acting(cast.tess) as actor:
        report = db.session.scalars(select(Report)).one()
        assert str(report.id) in answer.location
        assert report.equipment and report.equipment.tag == "QTA-01"
        assert report.assignee_id == actor.account_id


def test_a_form_sent_twice_starts_one_report(client_of, acting, cast, parts):
    client, data = client_of(cast.tess), form(parts)
    places = {client.post("/reports/", data=data).location for _ in range(2)}
    assert len(places) == 1
    with acting(cast.tess):
        assert db.session.scalar(select(func.count(Report.id))) == 1


def test_a_manager_assigns_a_technician(client_of, acting, cast, parts):
    client = client_of(cast.max)
    assert cast.tom.name in client.get("/reports/new").text
    assert cast.vera.name not in client.get("/reports/new").text
    answer = client.post("/reports/", data=form(parts, assignee_id=str(cast.tom.id)))
    assert answer.status_code == 303 and not answer.location.endswith("/fill")
    with acting(cast.tom) as actor:
        assert db.session.scalars(select(Report)).one().assignee_id == actor.account_id


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": "   "}, "Enter a title for the report."),
        ({"title": "x" * 201}, "200"),
        ({"checklist_id": ""}, "Choose a checklist."),
        ({"project_id": "not-an-id"}, "Project"),
        ({"project_id": str(uuid4())}, "Project"),
        ({"equipment_tag": "x" * 81}, "80"),
    ],
)
def test_what_is_invalid_comes_back_with_the_form(client_of, acting, cast, parts, changes, words):
    with acting(cast.max) as actor:
        scenarios.a_checklist(actor)
        scenarios.a_project(actor)
    answer = client_of(cast.tess).post("/reports/", data=form(parts, **changes))
    assert answer.status_code == 422
    assert words in answer.text and "Not saved yet" in answer.text
    with acting(cast.tess):
        assert db.session.scalars(select(Report)).all() == []


def test_words_are_kept_in_one_form_without_what_breaks_storage(client_of, acting, cast, parts):
    typed = form(parts, title="Inspec\u0327a\u0303o  geral", equipment_tag="QTA\x00-\u00c1 1")
    assert client_of(cast.tess).post("/reports/", data=typed).status_code == 303
    with acting(cast.tess):
        report = db.session.scalars(select(Report)).one()
        assert report.title == "Inspe\u00e7\u00e3o geral"
        assert report.equipment and report.equipment.tag == "QTA-\u00c1 1"


def test_without_checklist_or_project_the_page_says_what_to_do(client_of, acting, cast):
    assert "No checklists to fill in" in client_of(cast.max).get("/reports/new").text
    with acting(cast.max) as actor:
        scenarios.a_checklist(actor)
    assert "No projects yet" in client_of(cast.max).get("/reports/new").text
    assert "No projects yet" in client_of(cast.tess).get("/reports/new").text


def test_the_tags_of_a_project_are_suggested(client_of, acting, cast, parts):
    with acting(cast.max) as actor:
        project = scenarios.a_project(actor)
        scenarios.an_equipment(project, "TR-77")
        address = f"/reports/start-choices?project_id={project.id}"
    assert "TR-77" in client_of(cast.tess).get(address).text
    assert "TR-77" not in client_of(cast.otto).get(address).text
    assert client_of(cast.tess).get("/reports/start-choices").status_code == 200


def test_the_list_needs_the_same_queries_for_one_report_and_many(client_of, acting, cast, queries):
    with acting(cast.tess) as actor:
        version, project = scenarios.a_checklist(actor), scenarios.a_project(actor)
        for _ in range(8):
            scenarios.a_report(actor, version=version, project=project)
    with acting(cast.tom) as actor:
        scenarios.a_report(actor)
    counts = []
    for person, lines in ((cast.tess, 8), (cast.tom, 1)):
        client = client_of(person)
        with queries() as seen:
            page = client.get("/reports/")
        assert page.text.count('class="row-title"') == lines
        counts.append(len(seen.statements))
    assert counts[0] == counts[1]


def test_the_list_can_be_searched_and_filtered(client_of, acting, cast):
    with acting(cast.tess) as actor:
        scenarios.a_report(actor, title="North panel")
        report = scenarios.a_report(actor, title="South panel")
        scenarios.completed(report, actor, outcome=Outcome.FAILED)
    client = client_of(cast.tess)
    found = client.get("/reports/?search=north").text
    assert "North panel" in found and "South panel" not in found
    done = client.get("/reports/?status=completed").text
    assert "South panel" in done and "North panel" not in done and "Failed" in done
    assert "Nothing found" in client.get("/reports/?search=west").text
    assert client.get("/reports/?status=rubbish&page=x").status_code == 200


def test_fragment_and_page_of_the_list_agree(client_of, acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        address = f"/reports/{report.id}"
    client = client_of(cast.tess)
    for one in ("/reports/", "/reports/new", address):
        page, fragment = client.get(one), client.get(one, headers=HTMX)
        assert "<html" in page.text and "<html" not in fragment.text
        assert fragment.text.strip()[:200] in page.text
        assert "HX-Request" in fragment.headers["Vary"]


def test_a_report_shows_all_that_was_entered(client_of, acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        scenarios.all_answers(report, actor, enclosure="not_ok", cable_entry=None)
        scenarios.an_answer(report, "gone", None, actor)
        scenarios.a_photo(report, "enclosure", actor, caption="Dent on the door")
        scenarios.a_signature(report, "technician", actor)
        address = f"/reports/{report.id}"
    page = client_of(cast.tess).get(address).text
    for words in (
        "1 exception",
        "Hospital São Lucas",
        "31 Mar 2026",
        "&gt;200",
        "0,08",
        "Nada a declarar.",
        "Lamp",
        "14:05",
        "Rui Signer",
        "Void",
        "Not signed (optional)",
        "Dent on the door",
        "No PDF of this report has been generated",
        "Generate preview",
    ):
        assert words in page, words


def test_a_technician_sees_only_their_own(client_of, acting, cast):
    with acting(cast.tess) as actor:
        report_id = scenarios.a_report(actor).id
    for person, status in ((cast.tess, 200), (cast.max, 200), (cast.tom, 404), (cast.otto, 404)):
        assert client_of(person).get(f"/reports/{report_id}").status_code == status
    assert "row-title" not in client_of(cast.tom).get("/reports/").text


def test_a_viewer_reads_finished_reports_of_granted_projects(client_of, acting, cast):
    with acting(cast.max) as actor:
        project = scenarios.a_project(actor)
        granted, unfinished, elsewhere = (
            scenarios.a_report(actor, project=project),
            scenarios.a_report(actor, project=project),
            scenarios.a_report(actor),
        )
        scenarios.completed(granted, actor)
        scenarios.completed(elsewhere, actor)
        scenarios.a_grant(cast.vera.id, project.id)
        ids = [granted.id, unfinished.id, elsewhere.id]
    viewer = client_of(cast.vera)
    assert [viewer.get(f"/reports/{one}").status_code for one in ids] == [200, 404, 404]
    assert viewer.get("/reports/").text.count('class="row-title"') == 1
    page = viewer.get(f"/reports/{ids[0]}").text
    assert "/archive" not in page and "/discard" not in page
    assert viewer.get("/reports/new").status_code == 403
    assert viewer.post("/reports/", data={}).status_code == 403


def test_discarding_hides_the_report_and_a_second_time_finds_nothing(client_of, acting, cast):
    with acting(cast.tess) as actor:
        address = f"/reports/{scenarios.a_report(actor).id}"
    client = client_of(cast.tess)
    assert "Discard this report?" in client.get(address).text
    assert client.post(f"{address}/discard").status_code == 303
    assert client.get(address).status_code == 404
    assert client.post(f"{address}/discard").status_code == 404


def test_only_who_sees_the_report_discards_it(client_of, acting, cast):
    with acting(cast.tess) as actor:
        report_id = scenarios.a_report(actor).id
    for person, status in ((cast.tom, 404), (cast.otto, 404), (cast.vera, 403), (cast.max, 303)):
        assert client_of(person).post(f"/reports/{report_id}/discard").status_code == status


def test_managers_archive_what_is_completed(client_of, acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        address = f"/reports/{report.id}"
    manager = client_of(cast.max)
    assert manager.post(f"{address}/archive").status_code == 409
    with acting(cast.tess) as actor:
        scenarios.completed(db.session.scalars(select(Report)).one(), actor)
    assert client_of(cast.tess).post(f"{address}/archive").status_code == 403
    assert client_of(cast.otto).post(f"{address}/archive").status_code == 404
    for _ in range(2):
        assert manager.post(f"{address}/archive").status_code == 303
    assert client_of(cast.max).post(f"{address}/discard").status_code == 409
    with acting(cast.max):
        assert db.session.scalars(select(Report)).one().status is ReportStatus.ARCHIVED


def test_logged_out_goes_to_the_login(anonymous):
    report_id = UUID(int=1)
    for address in ("/reports/", "/reports/new", f"/reports/{report_id}"):
        answer = anonymous.get(address)
        assert answer.status_code == 303 and "/login" in answer.location
        assert anonymous.get(address, headers=HTMX).status_code == 401
    assert anonymous.post(f"/reports/{report_id}/discard").status_code == 303
