"""Filled copies of clients' workbooks from reports: cells, tags, choices and permissions."""

from __future__ import annotations

import io
from dataclasses import replace
from uuid import uuid4

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from app.definition.copying import sandbox as copying_sandbox
from app.definition.mapping import sandbox as mapping_sandbox
from app.definition.workbook import sandbox as reading_sandbox
from app.exports.workbook_copies.service import find_workbook
from app.extensions import db
from app.models import Version
from tests.support import scenarios
from tests.support.client_workbooks import a_matrix, a_protocol


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """The limits are for a web server; other work on this machine must not reach them."""
    for child in (reading_sandbox.CHILD, mapping_sandbox.CHILD, copying_sandbox.CHILD):
        limits = replace(child.limits, cpu_seconds=60, seconds=120, niceness=0)
        monkeypatch.setattr(child, "limits", limits)
    monkeypatch.setattr("app.checklists.service.SECONDS", 120)


def a_version(client, data: bytes) -> None:
    """Upload, draft and publish the workbook."""
    address = client.post("/checklists/", data={"file": (io.BytesIO(data), "client.xlsx")}).location
    preview = client.post(f"{address}/drafts").location
    assert client.post(f"{preview}/publish").status_code == 303


def field_of(version: Version, label: str) -> str:
    fields = version.definition.all_fields()
    return next(one.id for one in fields if label in (one.label.pt or one.label.en or ""))


def sheet_of(response, name: str):
    assert response.status_code == 200, response.text
    return load_workbook(io.BytesIO(response.data))[name]


def reading(text: str, decimal: str | None = None) -> dict[str, str]:
    return {"text": text, "decimal": decimal or text}


def test_answers_return_to_their_cells(client_of, acting, cast):
    client = client_of(cast.max)
    a_version(client, a_protocol())
    with acting(cast.max) as actor:
        version = db.session.scalars(select(Version)).one()
        report = scenarios.a_report(actor, version=version)
        field = {
            name: field_of(version, name)
            for name in (
                "Placa",
                "Aperto",
                "fase-terra",
                "fase-neutro",
                "Continuidade",
                "Data",
                "CONCL",
            )
        }
        scenarios.an_answer(report, field["Placa"], "ok", actor)
        scenarios.an_answer(report, field["Aperto"], "not_ok", actor, comment="Parafuso solto")
        table = next(
            one for one in version.definition.all_fields() if one.id == field["fase-terra"]
        )
        row, columns = table.rows[0].id, [one.id for one in table.columns]
        values = {
            f"{row}:{one}": reading(text)
            for one, text in zip(columns, ("2", "3", "0.5"), strict=True)
        }
        scenarios.an_answer(report, field["fase-terra"], values, actor)
        scenarios.an_answer(report, field["Continuidade"], reading("0,05", "0.05"), actor)
        scenarios.an_answer(report, field["fase-neutro"], None, actor, na_reason="Sem energia")
        scenarios.an_answer(report, field["Data"], "2026-11-30", actor)
        scenarios.an_answer(report, field["CONCL"], "Liberado & aprovado", actor)
        report_id = report.id
        db.session.commit()
    page = client.get(f"/reports/{report_id}")
    assert f"/reports/{report_id}/workbook.xlsx" in page.text
    sheet = sheet_of(client.get(f"/reports/{report_id}/workbook.xlsx"), "PROTOCOLO")
    seen = {
        one: sheet[one].value
        for one in (
            "G12",
            "H12",
            "G13",
            "H13",
            "J13",
            "D15",
            "F15",
            "G15",
            "H15",
            "D16",
            "G16",
            "D17",
            "I17",
            "J17",
            "D6",
            "B20",
        )
    }
    assert seen == {
        "G12": "X",
        "H12": None,
        "G13": None,
        "H13": "X",
        "J13": "Parafuso solto",
        "D15": 2,
        "F15": 0.5,
        "G15": None,
        "H15": "X",
        "D16": 0.05,
        "G16": "X",
        "D17": None,
        "I17": "X",
        "J17": "Sem energia",
        "D6": "30/11/2026",
        "B20": "Liberado & aprovado",
    }


def test_a_choice_of_reports_fills_the_rows_of_their_tags(client_of, acting, cast):
    client = client_of(cast.max)
    a_version(client, a_matrix({"PDU": ["P-01", "P-02"], "RPP": ["R-1", "R-2"]}))
    with acting(cast.max) as actor:
        version = db.session.scalars(select(Version)).one()
        project = scenarios.a_project(actor)
        torque = field_of(version, "Torque")
        ids = []
        for tag, verdict in (("P-02", "ok"), ("R-1", "not_ok"), ("Z-9", "ok")):
            equipment = scenarios.an_equipment(project, tag)
            report = scenarios.a_report(
                actor, version=version, project=project, equipment_id=equipment.id
            )
            scenarios.an_answer(report, torque, verdict, actor)
            ids.append(report.id)
        workbook = version_workbook(version)
        project_id = project.id
        db.session.commit()
    page = client.get(f"/projects/{project_id}/workbooks")
    assert all(str(one) in page.text for one in ids)
    address = f"/projects/{project_id}/workbooks/{workbook}"
    filled = client.post(address, data={"report": [str(one) for one in ids[:2]]})
    assert (
        sheet_of(filled, "PDU")["E5"].value == "P" and sheet_of(filled, "PDU")["E4"].value is None
    )
    assert sheet_of(filled, "RPP")["E4"].value == "F"
    refused = client.post(address, data={"report": [str(ids[2])]})
    assert refused.status_code == 422 and "no device with its tag" in refused.text
    assert client.post(address, data={"report": [str(uuid4())]}).status_code == 404
    assert client_of(cast.otto).post(address, data={"report": str(ids[0])}).status_code == 404


def version_workbook(version: Version) -> object:
    found = find_workbook(version.id)
    assert found is not None
    return found.workbook_id


def test_a_report_of_another_checklist_has_no_workbook(client_of, acting, cast):
    with acting(cast.max) as actor:
        report_id = scenarios.a_report(actor).id
        db.session.commit()
    client = client_of(cast.max)
    assert "workbook.xlsx" not in client.get(f"/reports/{report_id}").text
    assert client.get(f"/reports/{report_id}/workbook.xlsx").status_code == 404


def test_a_technician_fills_only_their_own_reports(client_of, acting, cast):
    a_version(client_of(cast.max), a_protocol())
    with acting(cast.max) as actor:
        version = db.session.scalars(select(Version)).one()
        report_id = scenarios.a_report(actor, version=version).id
        db.session.commit()
    assert client_of(cast.tess).get(f"/reports/{report_id}/workbook.xlsx").status_code == 404
