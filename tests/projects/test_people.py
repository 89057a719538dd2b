"""Members, viewers, checklists and equipment of a project, and archiving."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select

from app.definition.schema import Text
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import (
    ChecklistStatus,
    Equipment,
    Project,
    ProjectChecklist,
    ProjectGrant,
    ProjectMember,
    Report,
)
from tests.support import scenarios

HTMX = {"HX-Request": "true"}


@pytest.fixture
def project_id(acting, cast):
    with acting(cast.max) as actor:
        return scenarios.a_project(actor, name="Hall 2").id


def post(client, project_id, part, chosen, **headers):
    kind = part.split("/")[0]
    return client.post(
        f"/projects/{project_id}/{part}", data={f"{kind}-chosen_id": str(chosen)}, headers=headers
    )


def actions(kind, object_id):
    return [entry.action for entry in list_entries(kind, object_id)]


def start(client, project_id, checklist_id, **changes):
    sent = {"project_id": str(project_id), "checklist_id": str(checklist_id), "title": "Started"}
    return client.post("/reports/", data={**sent, **changes})


# Members


def test_members_are_added_and_removed_once(client_of, acting, cast, project_id):
    client = client_of(cast.max)
    assert "Everyone in the company" in client.get(f"/projects/{project_id}").text
    for _ in range(2):
        answer = post(client, project_id, "members", cast.tess.id)
        assert answer.location == f"/projects/{project_id}#members"
    fragment = post(client, project_id, "members", cast.tom.id, **HTMX)
    assert fragment.text.strip().startswith('<section class="page-part" id="members"')
    assert cast.tess.name in fragment.text and cast.tom.name in fragment.text
    for _ in range(2):
        url = f"/projects/{project_id}/members/{cast.tom.id}/remove"
        assert client.post(url).status_code == 303
    with acting(cast.max):
        assert db.session.scalars(select(ProjectMember.account_id)).all() == [cast.tess.id]
        said = actions("project", project_id)
        assert said.count("project.member_added") == 2
        assert said.count("project.member_removed") == 1


@pytest.mark.parametrize("who", ["vera", "otto", None, "x"])
def test_people_who_cannot_be_members_are_refused(client_of, acting, cast, project_id, who):
    chosen = getattr(cast, who).id if who in ("vera", "otto") else (who or "")
    for headers in ({}, HTMX):
        answer = post(client_of(cast.max), project_id, "members", chosen, **headers)
        assert answer.status_code == 422
        assert "form-error" in answer.text
    with acting(cast.max):
        assert db.session.scalars(select(ProjectMember)).all() == []


@pytest.fixture
def kept(acting, cast, project_id):
    """Make Tess the only member of Hall 2. Returns the id of a published checklist."""
    with acting(cast.max) as actor:
        db.session.add(ProjectMember(project_id=project_id, account_id=cast.tess.id))
        scenarios.an_equipment(db.session.get_one(Project, project_id), "QTA-77")
        return scenarios.a_checklist(actor).checklist_id


def test_non_members_cannot_find_the_project_or_start_reports(
    client_of, acting, cast, project_id, kept
):
    with acting(cast.tom) as tom:
        scenarios.a_project(tom, name="Open to all")
    tess, tom = client_of(cast.tess), client_of(cast.tom)
    for url in ("/projects/", "/reports/new"):
        assert "Hall 2" in tess.get(url).text, url
        assert "Hall 2" not in tom.get(url).text, url
        assert "Hall 2" in client_of(cast.max).get(url).text, url
    assert "Open to all" in tom.get("/reports/new").text
    tags = f"/reports/start-choices?project_id={project_id}"
    assert "QTA-77" in tess.get(tags).text and "QTA-77" not in tom.get(tags).text
    assert tom.get(f"/projects/{project_id}").status_code == 404
    assert start(tom, project_id, kept).status_code == 422
    assert start(tess, project_id, kept).status_code == 303
    with acting(cast.max):
        assert len(db.session.scalars(select(Report)).all()) == 1


def test_a_report_stays_with_its_assignee(client_of, acting, cast, project_id, kept):
    with acting(cast.max) as actor:
        project = db.session.get_one(Project, project_id)
        mine = scenarios.a_report(actor, project=project, assignee_id=cast.tom.id, title="For Tom")
        scenarios.a_report(actor, project=project, title="Not for Tom")
        report_id = mine.id
    tom = client_of(cast.tom)
    assert tom.get(f"/reports/{report_id}/fill").status_code == 200
    assert "For Tom" in tom.get(f"/reports/?project={project_id}").text
    assert "Hall 2" in tom.get("/reports/").text  # as a filter, since he has a report there
    page = tom.get(f"/projects/{project_id}")
    assert page.status_code == 200
    assert "For Tom" in page.text and "Not for Tom" not in page.text
    assert "/reports/new" not in page.text
    assert "Hall 2" not in tom.get("/projects/").text


def test_the_list_of_reports_hides_projects_of_other_members(
    client_of, acting, cast, project_id, kept
):
    with acting(cast.tom) as tom:
        scenarios.a_report(tom)
        scenarios.a_report(tom)
    assert "Hall 2" not in client_of(cast.tom).get("/reports/").text
    assert "Hall 2" in client_of(cast.tess).get("/reports/").text


def test_members_come_first_in_the_choice_of_people(client_of, acting, cast, project_id, kept):
    page = client_of(cast.max).get(f"/reports/new?project={project_id}").text
    chooser = page[page.index('id="assignee_id"') :]
    assert '<optgroup label="On this project">' in chooser
    first = chooser.index(cast.tess.name)
    assert first < chooser.index('<optgroup label="Other people">') < chooser.index(cast.tom.name)


# Viewers


def test_a_viewers_grant_can_be_given_and_revoked(client_of, acting, cast, project_id):
    with acting(cast.max) as actor:
        project = db.session.get_one(Project, project_id)
        scenarios.completed(scenarios.a_report(actor, project=project, title="To read"), actor)
    client, vera = client_of(cast.max), client_of(cast.vera)
    assert "To read" not in vera.get("/reports/").text
    for _ in range(2):
        assert post(client, project_id, "viewers", cast.vera.id).status_code == 303
    assert "To read" in vera.get("/reports/").text
    assert cast.vera.name in client.get(f"/projects/{project_id}").text
    for _ in range(2):
        answer = client.post(f"/projects/{project_id}/viewers/{cast.vera.id}/remove", headers=HTMX)
        assert answer.status_code == 200
        assert answer.text.strip().startswith('<section class="page-part" id="viewers"')
    assert "To read" not in vera.get("/reports/").text
    with acting(cast.max):
        assert db.session.scalars(select(ProjectGrant)).all() == []
        assert actions("account", cast.vera.id).count("account.projects_changed") == 2


def test_other_grants_of_the_viewer_are_kept(client_of, acting, cast, project_id):
    with acting(cast.max) as actor:
        other = scenarios.a_project(actor).id
        scenarios.a_grant(cast.vera.id, other)
    client = client_of(cast.max)
    post(client, project_id, "viewers", cast.vera.id)
    client.post(f"/projects/{project_id}/viewers/{cast.vera.id}/remove")
    with acting(cast.max):
        assert db.session.scalars(select(ProjectGrant.project_id)).all() == [other]


def test_only_viewers_can_get_a_grant(client_of, acting, cast, project_id):
    for chosen in (cast.tess.id, cast.otto.id, ""):
        assert post(client_of(cast.max), project_id, "viewers", chosen).status_code == 422
    with acting(cast.max):
        assert db.session.scalars(select(ProjectGrant)).all() == []
    assert cast.vera.name not in client_of(cast.tess).get(f"/projects/{project_id}").text


# Checklists


@pytest.fixture
def checklists(acting, cast):
    """The ids of three published checklists named A, B, C."""
    with acting(cast.max) as actor:
        return [scenarios.a_checklist(actor, titled(name)).checklist_id for name in "ABC"]


def titled(name):
    definition = scenarios.a_definition(code=f"LIST-{name}")
    title = Text(en=f"Checklist {name}")
    header = definition.header.model_copy(update={"title": title})
    return definition.model_copy(update={"header": header})


def order_of(project_id):
    return list(
        db.session.scalars(
            select(ProjectChecklist.checklist_id)
            .where(ProjectChecklist.project_id == project_id)
            .order_by(ProjectChecklist.position)
        )
    )


def test_checklists_are_added_ordered_and_removed(client_of, acting, cast, project_id, checklists):
    client = client_of(cast.max)
    a, b, c = checklists
    for one in (c, a, a, b):
        assert post(client, project_id, "checklists", one).status_code == 303
    base = f"/projects/{project_id}/checklists"
    assert client.post(f"{base}/{b}/move", data={"to": "up"}).status_code == 303
    with acting(cast.max):
        assert order_of(project_id) == [c, b, a]
    client.post(f"{base}/{a}/move", data={"to": "down"})  # it is already the last one
    fragment = client.post(f"{base}/{c}/move", data={"to": "down"}, headers=HTMX).text
    assert fragment.strip().startswith('<section class="page-part" id="checklists"')
    for _ in range(2):
        assert client.post(f"{base}/{a}/remove").status_code == 303
    with acting(cast.max):
        assert order_of(project_id) == [b, c]
        said = actions("project", project_id)
        assert said.count("project.checklist_added") == 3
        assert said.count("project.checklists_ordered") == 2
        assert said.count("project.checklist_removed") == 1
    assert client.post(f"{base}/{a}/move").status_code == 404


def test_the_start_form_offers_them_first(client_of, acting, cast, project_id, checklists):
    a, b, c = checklists
    with acting(cast.max):
        for position, one in enumerate((c, b)):
            db.session.add(
                ProjectChecklist(project_id=project_id, checklist_id=one, position=position)
            )
        db.session.commit()
    tess = client_of(cast.tess)
    page = tess.get(
        f"/reports/start-choices?project_id={project_id}&checklist_id={a}", headers=HTMX
    ).text
    assert page.strip().startswith('<div id="of-project">')
    places = [
        page.index(text)
        for text in (
            "For this project",
            "Checklist C",
            "Checklist B",
            "Other checklists",
            "Checklist A",
        )
    ]
    assert places == sorted(places)
    assert f'<option selected value="{a}">' in page
    with acting(cast.max) as actor:
        scenarios.a_project(actor)
    assert "For this project" not in client_of(cast.max).get("/reports/new").text
    assert start(tess, project_id, a).status_code == 303


def test_only_published_checklists_are_added_and_offered(
    client_of, acting, cast, project_id, checklists
):
    a, b, _c = checklists
    client = client_of(cast.max)
    post(client, project_id, "checklists", a)
    with acting(cast.max) as actor:
        for one in (a, b):
            version = scenarios.a_checklist(actor)
            checklist = db.session.get_one(type(version.checklist), one)
            checklist.status = ChecklistStatus.RETIRED
        db.session.commit()
    answer = post(client, project_id, "checklists", b)
    assert answer.status_code == 422 and "not published" in answer.text
    for chosen in ("", "x", uuid4()):
        assert post(client, project_id, "checklists", chosen).status_code == 422
    assert "not offered: not published" in client.get(f"/projects/{project_id}").text
    page = client.get(f"/reports/start-choices?project_id={project_id}").text
    assert "Checklist A" not in page and "Checklist C" in page


# Equipment


def test_editing_equipment_is_audited(client_of, acting, cast, project_id):
    with acting(cast.max):
        project = db.session.get_one(Project, project_id)
        equipment_id = scenarios.an_equipment(project, "QTA-01").id
        scenarios.an_equipment(project, "QTA-02")
    client, base = client_of(cast.max), f"/projects/{project_id}/equipment/{equipment_id}"
    assert 'value="QTA-01"' in client.get(f"{base}/edit").text
    for _ in range(2):
        answer = client.post(base, data={"tag": "QTA-09", "name": "Switch"})
        assert answer.location == f"/projects/{project_id}#equipment"
    for tag, sentence in (("QTA-02", "already has the tag QTA-02"), ("", "Enter the tag")):
        for headers in ({}, HTMX):
            refused = client.post(base, data={"tag": tag}, headers=headers)
            assert refused.status_code == 422 and sentence in refused.text
    with acting(cast.max):
        entries = [
            e for e in list_entries("equipment", equipment_id) if e.action.endswith("updated")
        ]
        assert [e.facts["facts"]["changes"] for e in entries] == [
            {"tag": {"old": "QTA-01", "new": "QTA-09"}, "name": {"old": "", "new": "Switch"}}
        ]


def test_only_equipment_without_reports_can_be_removed(client_of, acting, cast, project_id):
    with acting(cast.max) as actor:
        project = db.session.get_one(Project, project_id)
        free, used = (scenarios.an_equipment(project, tag).id for tag in ("FREE", "USED"))
        scenarios.a_report(actor, project=project, equipment_id=used)
    client, base = client_of(cast.max), f"/projects/{project_id}/equipment"
    assert "Remove FREE?" in client.get(f"{base}/{free}/edit").text
    assert "cannot be removed" in client.get(f"{base}/{used}/edit").text
    assert client.post(f"{base}/{free}/remove").status_code == 303
    assert client.post(f"{base}/{free}/remove").status_code == 404
    refused = client.post(f"{base}/{used}/remove")
    assert refused.status_code == 422 and "USED has reports" in refused.text
    with acting(cast.max):
        assert db.session.scalars(select(Equipment.tag)).all() == ["USED"]
        assert "equipment.removed" in actions("equipment", free)


def test_equipment_of_another_project_is_not_found(client_of, acting, cast, project_id):
    with acting(cast.max) as actor:
        elsewhere = scenarios.an_equipment(scenarios.a_project(actor)).id
    url = f"/projects/{project_id}/equipment/{elsewhere}"
    client = client_of(cast.max)
    assert client.get(f"{url}/edit").status_code == 404
    assert client.post(url, data={"tag": "X"}).status_code == 404
    assert client.post(f"{url}/remove").status_code == 404


# Archiving


def test_an_archived_project_is_hidden_from_lists_and_keeps_its_reports(
    client_of, acting, cast, project_id
):
    with acting(cast.tess) as tess:
        project = db.session.get_one(Project, project_id)
        report_id = scenarios.a_report(tess, project=project, title="Still open").id
        checklist_id = scenarios.a_checklist(tess).checklist_id
        scenarios.a_project(tess, name="Other one")
    client, tess = client_of(cast.max), client_of(cast.tess)
    for _ in range(2):
        assert client.post(f"/projects/{project_id}/archive").status_code == 303
    client.get("/")  # consumes the flash message
    for one in (client, tess):
        assert "Hall 2" not in one.get("/projects/").text
        assert "Hall 2" not in one.get("/reports/new").text
        assert "Hall 2" in one.get("/projects/?show=archived").text
        assert "Other one" not in one.get("/projects/?show=archived").text
    page = client.get(f"/projects/{project_id}").text
    assert "open reports can still be completed" in page and "Still open" in page
    assert "Reopen" in page and "Reopen" not in tess.get(f"/projects/{project_id}").text
    assert tess.get(f"/reports/{report_id}/fill").status_code == 200
    assert start(tess, project_id, checklist_id).status_code == 422
    for _ in range(2):
        assert client.post(f"/projects/{project_id}/reopen").status_code == 303
    assert "Hall 2" in tess.get("/projects/").text
    assert start(tess, project_id, checklist_id).status_code == 303
    with acting(cast.max):
        said = actions("project", project_id)
        assert said.count("project.archived") == said.count("project.reopened") == 1


def test_the_page_counts_only_visible_reports(client_of, acting, cast, project_id, queries):
    client = client_of(cast.max)
    address = f"/projects/{project_id}"
    client.get(address)
    with queries() as empty:
        client.get(address)
    with acting(cast.tess) as tess:
        project = db.session.get_one(Project, project_id)
        version = scenarios.a_checklist(tess)
        for n in range(12):
            scenarios.a_report(tess, project=project, version=version, due_on="2020-01-01")
            scenarios.an_equipment(project, f"T-{n}")
        scenarios.completed(scenarios.a_report(tess, project=project, version=version), tess)
    with queries() as full:
        page = client.get(address).text
    assert len(full.statements) == len(empty.statements)
    assert "All 13 reports" in page
    assert f"project={project_id}&amp;due=late" in page
    assert "All 13 reports" not in client_of(cast.tom).get(address).text


# Access


URLS = (
    "archive",
    "reopen",
    "members",
    "members/{person}/remove",
    "viewers",
    "viewers/{person}/remove",
    "checklists",
    "checklists/{person}/move",
    "checklists/{person}/remove",
    "equipment/{person}",
    "equipment/{person}/remove",
)


@pytest.mark.parametrize("part", URLS)
def test_only_managers_of_the_company_can_change_a_project(
    client_of, anonymous, cast, project_id, part
):
    url = f"/projects/{project_id}/{part.format(person=cast.tess.id)}"
    assert client_of(cast.tess).post(url).status_code == 403
    assert client_of(cast.vera).post(url).status_code == 403
    assert client_of(cast.otto).post(url).status_code == 404
    assert anonymous.post(url).location == "/login"
    assert anonymous.post(url, headers=HTMX).status_code == 401
