"""The pages of client workbooks: upload, correct by clicks, draft, remembered by shape, permissions."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from uuid import UUID

import pytest
from sqlalchemy import select

from app.definition.mapping import sandbox as mapping_sandbox
from app.definition.workbook import sandbox as reading_sandbox
from app.extensions import db
from app.models import ClientWorkbook, Equipment, Project, Version, VersionWorkbook
from tests.support.client_workbooks import a_book, a_matrix, a_protocol


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """The limits are for a web server; other work on this machine must not reach them."""
    for child in (reading_sandbox.CHILD, mapping_sandbox.CHILD):
        limits = replace(child.limits, cpu_seconds=60, seconds=120, niceness=0)
        monkeypatch.setattr(child, "limits", limits)
    monkeypatch.setattr("app.checklists.service.SECONDS", 120)


def upload(client, data: bytes, name: str = "protocolo.xlsx"):
    return client.post("/checklists/", data={"file": (BytesIO(data), name)})


def workbook_of(response) -> str:
    assert response.status_code == 303, response.text
    assert "/checklists/mapping/" in response.location
    return response.location.rsplit("/", 1)[1]


def test_an_unknown_workbook_is_shown_with_its_guess_and_becomes_a_draft(client_of, acting, cast):
    client = client_of(cast.max)
    address = upload(client, a_protocol()).location
    page = client.get(address)
    assert page.status_code == 200
    for words in ("Resistência de isolamento", "≥ 1", "D15, E15, F15", "PE-EL-007", "Instruções"):
        assert words in page.text
    draft = client.post(f"{address}/drafts")
    assert draft.status_code == 303
    preview = client.get(draft.location)
    assert "Continuidade do condutor de proteção" in preview.text
    assert "desvio ≤ 50 %" in preview.text
    with acting(cast.max):
        version = db.session.scalars(select(Version)).one()
        places = db.session.scalars(select(VersionWorkbook.places)).one()
        assert set(places["fields"]) == {field.id for field in version.definition.all_fields()}


def test_a_click_changes_the_guess_and_is_remembered_for_the_shape(client_of, acting, cast):
    client = client_of(cast.max)
    data = a_matrix({"PDU": ["P-01", "P-02"]}, ("Torque", "Owner witness"))
    workbook = workbook_of(upload(client, data))
    click = {"shown": "PDU", "sheet": "matrix", "column-3-4": "signature"}
    corrected = client.post(f"/checklists/mapping/{workbook}/correct", data=click)
    assert corrected.status_code == 200 and "Signatures" in corrected.text
    assert "Take back" in corrected.text
    client.post(f"/checklists/mapping/{workbook}/drafts")
    other = a_matrix({"UPS": ["U-01", "U-02", "U-03"]}, ("Torque", "Owner witness"))
    again = client.get(upload(client, other, "other.xlsx").location)
    assert "Signatures" in again.text and "1 correction" in again.text
    with acting(cast.max):
        kept = db.session.scalars(select(ClientWorkbook.corrections)).all()
        assert kept[0] == kept[1] != []


def test_another_company_remembers_nothing_and_sees_nothing(client_of, cast):
    data = a_matrix({"PDU": ["P-01", "P-02"]}, ("Torque", "Owner witness"))
    client = client_of(cast.max)
    workbook = workbook_of(upload(client, data))
    click = {"shown": "PDU", "column-3-4": "signature"}
    client.post(f"/checklists/mapping/{workbook}/correct", data=click)
    client.post(f"/checklists/mapping/{workbook}/drafts")
    stranger = client_of(cast.otto)
    assert stranger.get(f"/checklists/mapping/{workbook}").status_code == 404
    assert "Signatures" not in stranger.get(upload(stranger, data).location).text


def test_a_click_is_taken_back(client_of, cast):
    client = client_of(cast.max)
    workbook = workbook_of(upload(client, a_matrix({"PDU": ["P-01", "P-02"]}, ("A", "Witness"))))
    click = {"shown": "PDU", "column-3-4": "signature"}
    assert "Signatures" in client.post(f"/checklists/mapping/{workbook}/correct", data=click).text
    undone = client.post(f"/checklists/mapping/{workbook}/undo", data={"shown": "PDU"})
    assert "Signatures" not in client.get(undone.location).text


def test_an_unknown_choice_is_refused(client_of, cast):
    client = client_of(cast.max)
    workbook = workbook_of(upload(client, a_protocol()))
    for choice in ("<b>", "x" * 50):
        bad = {"shown": "PROTOCOLO", "row-B12": choice}
        assert client.post(f"/checklists/mapping/{workbook}/correct", data=bad).status_code == 400


def test_devices_become_equipment_once(client_of, acting, cast):
    client = client_of(cast.max)
    workbook = workbook_of(
        upload(client, a_matrix({"PDU": ["P-01", "P-02"], "RPP": ["R-1", "R-2"]}))
    )
    with acting(cast.max):
        project = Project(name="Hall A")
        db.session.add(project)
        db.session.flush()
        project_id = project.id
        db.session.commit()
    for _ in range(2):
        answer = client.post(
            f"/checklists/mapping/{workbook}/equipment", data={"project": str(project_id)}
        )
        assert answer.status_code == 303
    with acting(cast.max):
        rows = db.session.execute(
            select(Equipment.tag, Equipment.name).where(Equipment.project_id == project_id)
        )
        assert {row.tag: row.name for row in rows} == {
            "P-01": "PDU – Hall 1",
            "P-02": "PDU – Hall 2",
            "R-1": "RPP – Hall 1",
            "R-2": "RPP – Hall 2",
        }


def test_a_technician_may_not_map(client_of, cast):
    workbook = workbook_of(upload(client_of(cast.max), a_protocol()))
    assert client_of(cast.tess).get(f"/checklists/mapping/{workbook}").status_code == 403


def test_a_workbook_without_questions_is_refused_as_before(client_of, acting, cast):
    answer = upload(client_of(cast.max), a_book({"Notes": [["Hello"], ["World"]]}))
    assert answer.status_code == 422
    assert "No header row was found" in answer.text
    with acting(cast.max):
        assert db.session.scalars(select(ClientWorkbook.id)).all() == []


def test_the_workbook_is_kept_as_it_came(client_of, acting, cast):
    data = a_protocol()
    workbook = workbook_of(upload(client_of(cast.max), data))
    with acting(cast.max):
        kept = select(ClientWorkbook.content).where(ClientWorkbook.id == UUID(workbook))
        assert db.session.scalars(kept).one() == data
