"""The pages of projects: list, create, show, edit, equipment, and access."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Equipment, Project
from tests.support import scenarios

HTMX = {"HX-Request": "true"}
PLACE = {"latitude": "-23,550520", "longitude": "-46.633308"}


@pytest.fixture
def project_id(acting, cast):
    with acting(cast.max) as actor:
        return scenarios.a_project(actor, name="Hall 2", client="Norte Ltda").id


def form(**changes):
    return {"name": "Hall 9", "client": "Client", "address": "Street 1\r\nTown", **changes}


def test_a_manager_creates_a_project(client_of, acting, cast):
    client = client_of(cast.max)
    assert client.get("/projects/new").status_code == 200
    answer = client.post("/projects/", data=form(name="  Hall \x00 9 ", **PLACE))
    assert answer.status_code == 303
    assert "Hall 9" in client.get(answer.location).text
    with acting(cast.max):
        project = db.session.scalars(select(Project)).one()
        assert (project.name, project.address) == ("Hall 9", "Street 1\nTown")
        assert (project.latitude, project.longitude) == (
            Decimal("-23.550520"),
            Decimal("-46.633308"),
        )
        entry = list_entries("project", project.id)[0]
        assert entry.action == "project.created"
        assert entry.facts["facts"]["values"]["latitude"] == "-23.550520"


def test_the_list_can_be_searched_and_counts_reports(client_of, acting, cast, project_id):
    with acting(cast.tess) as tess:
        project = db.session.scalars(select(Project)).one()
        scenarios.a_report(tess, project=project)
        scenarios.completed(scenarios.a_report(tess, project=project), tess)
        scenarios.a_project(tess, name="Elsewhere", client="100% Sul_")
    page = client_of(cast.max).get("/projects/").text
    assert "Hall 2" in page and "2 reports" in page and "1 open" in page and "Elsewhere" in page
    found = client_of(cast.max).get("/projects/?search=norte").text
    assert "Hall 2" in found and "Elsewhere" not in found
    assert "Elsewhere" in client_of(cast.max).get("/projects/?search=100%25").text
    assert "Nothing found" in client_of(cast.max).get("/projects/?search=100%25x").text
    assert "0 reports" in client_of(cast.tom).get("/projects/?search=hall").text


def test_list_page_and_fragment_agree(client_of, cast, project_id):
    client = client_of(cast.max)
    page, fragment = client.get("/projects/"), client.get("/projects/", headers=HTMX)
    assert "Hall 2" in page.text and "<html" in page.text
    assert "Hall 2" in fragment.text and "<html" not in fragment.text


def test_the_list_has_pages(app, client_of, acting, cast):
    size = app.config["PAGE_SIZE"]
    with acting(cast.max) as actor:
        for n in range(size + 1):
            db.session.add(Project(name=f"Site {n:03}"))
        db.session.commit()
        assert actor
    client = client_of(cast.max)
    assert "Page 1 of 2" in client.get("/projects/").text
    assert f"Site {size:03}" in client.get("/projects/?page=2").text
    for strange in ("999999999999", "-5", "x", "0"):
        assert client.get(f"/projects/?page={strange}").status_code == 200


def test_the_list_has_a_constant_number_of_queries(client_of, acting, cast, queries, project_id):
    client = client_of(cast.max)
    with queries() as one:
        client.get("/projects/")
    with acting(cast.max):
        db.session.add_all(Project(name=f"Site {n}") for n in range(9))
        db.session.commit()
    with queries() as ten:
        client.get("/projects/")
    assert len(ten.statements) == len(one.statements)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "Enter the project's name."),
        ({"name": "x" * 201}, "the limit is 200"),
        ({"latitude": "91", "longitude": "0"}, "Degrees must be between -90 and 90."),
        ({"latitude": "0", "longitude": "-180.1"}, "Degrees must be between -180 and 180."),
        (
            {"latitude": "north", "longitude": "0"},
            "&#34;north&#34; is not a valid number of degrees.",
        ),
        ({"latitude": "NaN", "longitude": "0"}, "&#34;NaN&#34; is not a valid number of degrees."),
        (
            {"latitude": "1e999", "longitude": "0"},
            "&#34;1e999&#34; is not a valid number of degrees.",
        ),
        ({"latitude": "1"}, "Enter both coordinates, or neither."),
        ({"longitude": "1"}, "Enter both coordinates, or neither."),
        ({"latitude": "0", "longitude": "-0.0"}, "0, 0 is a point in the ocean."),
        *(
            ({"radius_m": radius}, "The radius must be between 10 and 100,000 metres.")
            for radius in ("9", "100001", "1.000", "1,000", "1 km", "-50", "1e3", "٣٠٠", "9" * 30)
        ),
    ],
)
def test_invalid_input_is_refused(client_of, acting, cast, changes, sentence):
    for headers in ({}, HTMX):
        answer = client_of(cast.max).post("/projects/", data=form(**changes), headers=headers)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert "Street 1" in answer.text
    with acting(cast.max):
        assert db.session.scalar(select(func.count(Project.id))) == 0


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({}, 1_000),
        ({"radius_m": ""}, 1_000),
        ({"radius_m": " 25 000 "}, 25_000),
        ({"radius_m": "10"}, 10),
        ({"radius_m": "100000"}, 100_000),
    ],
)
def test_the_radius_is_stored_shown_and_audited(client_of, acting, cast, given, stored):
    client = client_of(cast.max)
    assert 'value="1000"' in client.get("/projects/new").text
    answer = client.post("/projects/", data=form(**PLACE, **given))
    assert answer.status_code == 303
    with acting(cast.max):
        project = db.session.scalars(select(Project)).one()
        assert project.radius_m == stored
        facts = list_entries("project", project.id)[0].facts["facts"]
        assert facts["values"]["radius_m"] == str(stored)
        project_id = project.id
    assert f'value="{stored}"' in client.get(f"/projects/{project_id}/edit").text
    assert "Radius" in client.get(answer.location).text
    client.post(f"/projects/{project_id}", data=form(**PLACE, radius_m="77"))
    with acting(cast.max):
        change = list_entries("project", project_id)[-1].facts["facts"]["changes"]
        assert change == {"radius_m": {"old": str(stored), "new": "77"}}


def test_names_are_unique_and_a_repeated_post_is_harmless(client_of, acting, cast):
    client = client_of(cast.max)
    assert [client.post("/projects/", data=form()).status_code for _ in range(2)] == [303, 422]
    assert "A project named" in client.post("/projects/", data=form()).text
    assert client_of(cast.otto).post("/projects/", data=form()).status_code == 303
    with acting(cast.max):
        assert db.session.scalar(select(func.count(Project.id))) == 1


def test_an_edit_records_old_and_new_values(client_of, acting, cast, project_id):
    client = client_of(cast.max)
    assert 'value="Hall 2"' in client.get(f"/projects/{project_id}/edit").text
    answer = client.post(f"/projects/{project_id}", data=form(name="Hall 2", client="Sul Ltda"))
    assert answer.location == f"/projects/{project_id}"
    client.post(f"/projects/{project_id}", data=form(name="Hall 2", client="Sul Ltda"))
    with acting(cast.max):
        entries = [e for e in list_entries("project", project_id) if e.action == "project.updated"]
        assert len(entries) == 1
        assert entries[0].facts["facts"]["changes"] == {
            "client": {"old": "Norte Ltda", "new": "Sul Ltda"},
            "address": {"old": "", "new": "Street 1\nTown"},
        }


def test_a_refused_edit_keeps_the_input(client_of, acting, cast, project_id):
    with acting(cast.max) as actor:
        scenarios.a_project(actor, name="Taken")
    answer = client_of(cast.max).post(f"/projects/{project_id}", data=form(name="Taken"))
    assert answer.status_code == 422
    assert "A project named" in answer.text and 'value="Taken"' in answer.text
    empty = client_of(cast.max).post(f"/projects/{project_id}", data=form(name=""))
    assert empty.status_code == 422
    with acting(cast.max):
        names = db.session.scalars(select(Project.name)).all()
        assert sorted(names) == ["Hall 2", "Taken"]


def test_equipment_is_added_once(client_of, acting, cast, project_id):
    client, url = client_of(cast.max), f"/projects/{project_id}/equipment"
    added = client.post(url, data={"tag": "QTA-01", "name": "Transfer switch"})
    assert added.location == f"/projects/{project_id}#equipment"
    twice = client.post(url, data={"tag": "QTA-01", "name": ""})
    assert twice.status_code == 422
    assert "already has the tag QTA-01" in twice.text
    fragment = client.post(url, data={"tag": "QTA-02", "name": ""}, headers=HTMX)
    assert fragment.status_code == 200
    assert fragment.text.strip().startswith('<section class="page-part" id="equipment"')
    assert "QTA-02" in fragment.text and 'value="QTA-02"' not in fragment.text
    assert client.post(url, data={"tag": "", "name": "x"}, headers=HTMX).status_code == 422
    with acting(cast.max):
        assert len(db.session.scalars(select(Equipment)).all()) == 2


def test_the_page_shows_only_visible_reports(client_of, acting, cast, project_id):
    with acting(cast.tess) as tess:
        project = db.session.scalars(select(Project)).one()
        scenarios.a_report(tess, project=project, title="Of Tess")
    assert "Of Tess" in client_of(cast.max).get(f"/projects/{project_id}").text
    assert "Of Tess" not in client_of(cast.tom).get(f"/projects/{project_id}").text


def test_input_is_shown_as_text(client_of, acting, cast):
    evil = '<img src=x onerror=alert(1) hx-get="/x">'
    with acting(cast.max) as actor:
        project = scenarios.a_project(actor, name=evil, client=evil, address=evil)
        scenarios.an_equipment(project, tag=evil[:80])
        project_id = project.id
    for url in ("/projects/", f"/projects/{project_id}", f"/projects/{project_id}/edit"):
        page = client_of(cast.max).get(url).text
        assert "<img src=x" not in page and "&lt;img src=x" in page


def test_another_tenant_finds_nothing(client_of, cast, project_id):
    client = client_of(cast.otto)
    for method, url in (
        ("GET", f"/projects/{project_id}"),
        ("GET", f"/projects/{project_id}/edit"),
        ("POST", f"/projects/{project_id}"),
        ("POST", f"/projects/{project_id}/equipment"),
        ("GET", f"/projects/{uuid4()}"),
    ):
        assert client.open(url, method=method, data=form()).status_code == 404, url
    assert "Hall 2" not in client.get("/projects/").text


def test_a_technician_can_read_but_not_change(client_of, cast, project_id):
    client = client_of(cast.tess)
    page = client.get(f"/projects/{project_id}")
    assert page.status_code == 200
    assert "/edit" not in page.text and "Add equipment" not in page.text
    assert "New project" not in client.get("/projects/").text
    assert client.get("/projects/new").status_code == 403
    for url in ("/projects/", f"/projects/{project_id}", f"/projects/{project_id}/equipment"):
        assert client.post(url, data=form()).status_code == 403


def test_viewers_and_superadmins_have_no_access(client_of, cast, project_id):
    for person in (cast.vera, cast.sam):
        assert client_of(person).get("/projects/").status_code == 403
        assert client_of(person).get(f"/projects/{project_id}").status_code == 403


def test_anonymous_requests_redirect_to_the_login(anonymous, project_id):
    assert anonymous.get("/projects/").location == "/login?next=/projects/"
    assert anonymous.post("/projects/", data=form()).location == "/login"
    assert anonymous.get("/projects/", headers=HTMX).status_code == 401
