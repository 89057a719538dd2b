"""XLSForms on the pages of checklists: what is left out first, then the draft; and the export."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from uuid import UUID

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from app.definition.importing import read_any
from app.definition.samples import SAMPLES
from app.definition.workbook.sandbox import CHILD
from app.definition.xlsform.writer import write_form
from app.extensions import db
from app.models import AuditEntry, Version
from tests.support import scenarios
from tests.support.forms import a_form

SURVEY = (
    ("type", "name", "label::English (en)", "label::Français (fr)", "label::Português (pt)"),
    ("begin group", "g", "Panel", "Tableau", "Quadro"),
    ("select_one yn", "door", "Door closed?", "Porte fermée ?", "Porta fechada?"),
    ("geopoint", "place", "Where?", "Où ?", "Onde?"),
    ("end group",),
)
CHOICES = (
    ("list_name", "name", "label::English (en)", "label::Português (pt)"),
    ("yn", "y", "Yes", "Sim"),
    ("yn", "n", "No", "Não"),
)


def form_bytes() -> bytes:
    return a_form(survey=SURVEY, choices=CHOICES, settings=(("form_id",), ("doors",)))


def upload(client, data: bytes, name: str = "doors.xlsx"):
    return client.post("/checklists/", data={"file": (BytesIO(data), name)})


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """Other work on this machine must not reach the reader's limits."""
    limits = replace(CHILD.limits, cpu_seconds=60, seconds=120, niceness=0)
    monkeypatch.setattr(CHILD, "limits", limits)


def test_the_page_asks_before_a_draft_is_made(client_of, acting, cast):
    client = client_of(cast.max)
    answer = upload(client, form_bytes())
    assert answer.status_code == 303 and "/checklists/forms/" in answer.location
    page = client.get(answer.location)
    assert page.status_code == 200
    assert "Questions about a place" in page.text and "Where?" in page.text
    with acting(cast.max):
        assert db.session.scalars(select(Version)).all() == []
    made = client.post(answer.location, data={"first": "=portugues(pt)", "second": ""})
    assert made.status_code == 422, "a language that the form does not have"
    made = client.post(answer.location, data={"first": "=português(pt)", "second": ""})
    assert made.status_code == 303, made.text
    version_id = UUID(made.location.rsplit("/", 1)[1])
    preview = client.get(made.location)
    assert "Questions about a place" in preview.text
    with acting(cast.max):
        version = db.session.scalars(select(Version).where(Version.id == version_id)).one()
        [section] = version.definition.sections
        assert (section.title.pt, section.title.en) == ("Quadro", None)
        [field] = section.fields
        assert (field.id, field.source_name) == ("door", "door")
        assert version.definition.header.source_name == "doors"
        audited = select(AuditEntry.action).where(AuditEntry.object_id == version.checklist_id)
        assert db.session.scalars(audited).all() == ["checklist.drafted"]


def test_the_person_chooses_the_languages(client_of, cast):
    client = client_of(cast.max)
    place = upload(client, form_bytes()).location
    assert 'value="=français(fr)"' in client.get(place).text
    shown = client.get(place, query_string={"first": "=français(fr)", "second": "=português(pt)"})
    assert shown.status_code == 200 and "marked as English" in shown.text
    both = {"first": "=français(fr)", "second": "=english(en)"}
    refused = client.get(place, query_string=both)
    assert refused.status_code == 422 and "cannot be chosen together" in refused.text


def test_a_form_with_faults_is_refused_with_the_cells(client_of, acting, cast):
    broken = (*SURVEY[:3], ("select_one none", "q", "Which?"), ("end repeat",))
    answer = upload(client_of(cast.max), a_form(survey=broken, choices=CHOICES))
    assert answer.status_code == 422
    assert "A4" in answer.text and "A5" in answer.text
    with acting(cast.max):
        assert db.session.scalars(select(Version)).all() == []


def test_the_upload_belongs_to_one_person(client_of, cast):
    place = upload(client_of(cast.max), form_bytes()).location
    for method in ("get", "post"):
        assert getattr(client_of(cast.ana), method)(place).status_code == 404
        assert getattr(client_of(cast.max), method)(f"{place}x").status_code == 404


def test_a_second_import_keeps_the_ids(client_of, acting, cast):
    client = client_of(cast.max)
    drafts = []
    for _time in range(2):
        place = upload(client, form_bytes()).location
        made = client.post(place, data={"first": "=english(en)", "second": "=português(pt)"})
        assert client.post(f"{made.location}/publish").status_code == 303
        drafts.append(UUID(made.location.rsplit("/", 1)[1]))
    with acting(cast.max):
        versions = db.session.scalars(select(Version).order_by(Version.number)).all()
        assert [version.id for version in versions] == drafts
        first, second = (version.definition for version in versions)
        assert first == second


def test_a_version_is_downloaded_as_an_xlsform_and_comes_back(client_of, acting, cast):
    with acting(cast.max) as actor:
        version = scenarios.a_checklist(actor)
        version_id, definition = version.id, version.definition
    for person in (cast.max, cast.tom):
        answer = client_of(person).get(f"/checklists/versions/{version_id}/xlsform")
        assert answer.status_code == 200
        assert read_any(answer.data, filename_stem="x").definition == definition
    assert client_of(cast.otto).get(f"/checklists/versions/{version_id}/xlsform").status_code == 404


def test_the_samples_come_back_by_the_pages(client_of, cast):
    client = client_of(cast.max)
    for definition in SAMPLES.values():
        place = upload(client, write_form(definition)).location
        page = client.get(place)
        assert "Nothing: the checklist has all that the form has." in page.text


def test_a_workbook_with_a_survey_sheet_and_our_columns_is_no_form(client_of, cast):
    book = Workbook()
    book.active.title = "survey"
    book.active.append(("Section", "Question", "Type", "Name"))
    book.active.append(("A", "Is it well?", "verdict", "x"))
    book.save(stream := BytesIO())
    assert "/checklists/versions/" in upload(client_of(cast.max), stream.getvalue()).location
