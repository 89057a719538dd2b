"""Answer exports: their content, their visibility, and recovery after failures.

The real runner makes them on a separate database, because it reads in its own transaction.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from threading import Thread
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from sqlalchemy import func, select, update

from app.definition.outcome import Outcome
from app.errors import NotFound
from app.evidence.queries import list_entries
from app.exports.answers import making
from app.exports.answers.about import filter_lines
from app.exports.answers.jobs import MAKING
from app.exports.answers.records import ReportRecord
from app.exports.answers.service import (
    MAX_OPEN,
    NotExported,
    NothingToExport,
    TooManyOpen,
    get_export,
    get_file,
    list_exports,
    request_export,
)
from app.extensions import db
from app.imaging.notes import Note
from app.jobs import runner
from app.models import (
    Account,
    Actor,
    AnswerExport,
    AnswerFormat,
    PhotoVerdict,
    Project,
    Report,
    ReportStatus,
    Role,
    Snapshot,
    TenantStatus,
    Version,
    WorkState,
)
from app.reports.listing.choices import FilterChoices
from app.reports.listing.export import TooManyRows
from app.reports.listing.filters import Due, DueDays, ReportFilter
from app.reports.listing.near import Circle
from app.storage import StorageUnavailable
from app.storage.references import list_named
from app.tenancy import tenant_scope
from tests.support import scenarios
from tests.support.alone import app_alone
from tests.support.companies import set_company
from tests.support.formulas import formulas_in
from tests.support.pictures import sha256_of
from tests.support.stored import storage

FORMULA = '=HYPERLINK("http://evil.test")'
ZONE = "America/Sao_Paulo"
SOME_DAY = datetime(2026, 3, 1, tzinfo=UTC)
# Filter fields that sort the list and do not filter it.
UNFILTERED = {"order", "is_descending"}
NUMBERS = {"text": "1.234,5", "decimal": "1234.5"}


@pytest.fixture
def stage(tmp_path, cast):
    """(app, ana) on a separate database and storage."""
    with app_alone(tmp_path) as app:
        yield app, Actor(cast.ana.name, cast.ana.role, cast.ana.id)


@pytest.fixture
def acme(stage, cast):
    """Enter Acme's scope on that database and return the admin."""
    app, ana = stage
    with app.app_context(), tenant_scope(cast.acme):
        yield ana


def ask(actor: Actor, format: AnswerFormat = AnswerFormat.XLSX, **parameters: object) -> UUID:
    """Request an export inside a scope and commit."""
    values = {
        "criteria": ReportFilter(),
        "filters": {},
        "locale": "en",
        "time_zone": ZONE,
        "most": 100,
    }
    export_id = request_export(format=format, actor=actor, **{**values, **parameters}).id
    db.session.commit()
    return export_id


def run(export_id: UUID) -> AnswerExport:
    """Run the job and return its row."""
    runner.run(MAKING.name, str(export_id))
    db.session.rollback()
    export = db.session.scalars(select(AnswerExport).where(AnswerExport.id == export_id)).one()
    db.session.expunge(export)  # another run clears this session
    return export


def data_of(export: AnswerExport) -> bytes:
    """Read the file; opening it from the storage verifies the hash."""
    with storage().open(str(export.storage_key)) as file:
        data = file.read()
    assert (sha256_of(data), len(data)) == (export.sha256, export.byte_size)
    return data


def workbook(actor: Actor, **parameters: object) -> openpyxl.Workbook:
    export = run(ask(actor, **parameters))
    assert (export.state, export.error) == (WorkState.DONE, None)
    return openpyxl.load_workbook(io.BytesIO(data_of(export)))


def zipped(actor: Actor, format: AnswerFormat, **parameters: object) -> zipfile.ZipFile:
    export = run(ask(actor, format, **parameters))
    assert export.state is WorkState.DONE
    return zipfile.ZipFile(io.BytesIO(data_of(export)))


def rows(page) -> list[dict[str, object]]:
    head, *lines = page.iter_rows(values_only=True)
    assert len(set(head)) == len(head)
    return [dict(zip(head, line, strict=True)) for line in lines]


def cell(page, heading: str, row: int = 2):
    return next(page.cell(row, one.column) for one in page[1] if one.value == heading)


def lines(zipped: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    text = zipped.read(f"{name}.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def a_full_report(ana: Actor, **changes: object) -> Report:
    version = scenarios.a_checklist(ana, scenarios.a_definition("ATS"))
    project = scenarios.a_project(ana, "North hall", client="Acme Client")
    tag = scenarios.an_equipment(project, "QTA-1")
    report = scenarios.a_report(
        ana,
        version=version,
        project=project,
        equipment_id=tag.id,
        number="ATS-0001",
        due_on=date(2026, 12, 24),
    )
    scenarios.all_answers(report, ana, **changes)
    return report


# --- what is in the workbook -----------------------------------------------------------------


def test_each_answer_type_has_a_matching_cell_type(acme):
    report = a_full_report(
        acme, enclosure="not_ok", insulation={"text": "980 kΩ", "decimal": "0.98"}
    )
    report_id = scenarios.completed(report, acme, outcome=Outcome.FAILED).id
    completed_at = report.completed_at
    page = workbook(acme)["ATS"]
    (row,) = rows(page)
    assert (row["Report"], row["Status"], row["Result"]) == ("ATS-0001-R0", "Completed", "Failed")
    assert (row["Project"], row["Client"], row["Equipment tag"]) == (
        "North hall",
        "Acme Client",
        "QTA-1",
    )
    assert row["Due date"] == datetime.fromisoformat("2026-12-24")
    assert row["Date"] == datetime.fromisoformat("2026-03-31")
    assert row["Start"] == time(14, 5)
    assert row["Enclosure free of damage"] == "Not OK"
    assert row["Cable entry"] == "Bottom"
    assert row["Accessories fitted"] == "Lamp, Fan"
    assert row["Remarks"] == "Nada a declarar."
    number = cell(page, "Insulation resistance [MΩ]")
    assert (number.data_type, number.value) == ("n", 0.98)
    assert row["Insulation resistance – as typed"] == "980 kΩ"
    assert number.font.b  # out of limits
    reading = cell(page, "Contact resistance: Phase A, Before [mΩ]")
    assert (reading.data_type, reading.value, reading.font.b) == ("n", 0.08, False)
    assert "Contact resistance – as typed" not in row  # "0,08" says 0.08 to everybody
    assert "Lock out before you go on." not in row
    local = completed_at.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)
    assert abs(row[f"Completed ({ZONE})"] - local) < timedelta(seconds=1)
    link = cell(page, "Link")
    assert link.hyperlink.target == f"http://localhost/reports/{report_id}"


@pytest.mark.parametrize(
    ("reading", "typed"),
    [
        ({"text": "0,08", "decimal": "0.08"}, None),
        ({"text": "+5.20", "decimal": "5.2"}, None),
        ({"text": "12345678901234.5", "decimal": "12345678901234.5"}, None),
        ({"text": ">200", "decimal": "200"}, ">200"),
        ({"text": "≤ 3", "decimal": "3"}, "≤ 3"),
        ({"text": "980 kΩ", "decimal": "0.98"}, "980 kΩ"),
        ({"text": "1,234", "decimal": "1234"}, "1,234"),
        ({"text": "1,234", "decimal": "1.234", "doubt": "1234"}, "1,234"),
        (
            {"text": "0.1234567890123456789", "decimal": "0.1234567890123456789"},
            "0.1234567890123456789",
        ),
        # As an older release stored it.
        ({"text": "7", "decimal": "700"}, "7"),
    ],
)
def test_typed_text_has_its_own_column_if_the_number_loses_information(acme, reading, typed):
    a_full_report(acme, insulation=reading)
    (row,) = rows(workbook(acme)["ATS"])
    assert Decimal(str(row["Insulation resistance [MΩ]"])) == Decimal(
        str(float(reading["decimal"]))
    )
    assert row.get("Insulation resistance – as typed") == typed


def test_typed_texts_of_table_readings_name_their_cells(acme):
    table = {
        **scenarios.GOOD_ANSWERS["contact_resistance"],
        "a:after": NUMBERS,
        "b:before": {"text": "<0,1", "decimal": "0.1"},
    }
    a_full_report(acme, contact_resistance=table)
    (row,) = rows(workbook(acme)["ATS"])
    assert row["Contact resistance: Phase A, After [mΩ]"] == 1234.5
    assert row["Contact resistance – as typed"] == "Phase B, Before: <0,1"


def test_comments_and_reasons_have_columns_if_any_report_has_them(acme):
    a_full_report(acme, enclosure=None, accessories=None)
    for answer in db.session.scalars(select(scenarios.Answer)):
        if answer.field_id == "enclosure":
            answer.value, answer.na_reason = "na", "Demolished"
        if answer.field_id == "insulation":
            answer.comment = "Measured twice"
        if answer.field_id == "accessories":
            answer.value, answer.na_reason = None, "Not fitted"
    db.session.commit()
    page = workbook(acme)["ATS"]
    (row,) = rows(page)
    assert (row["Enclosure free of damage"], row["Enclosure free of damage – reason for N.A."]) == (
        "N.A.",
        "Demolished",
    )
    assert row["Insulation resistance – comment"] == "Measured twice"
    assert row["Accessories fitted"] is None
    assert row["Accessories fitted – reason for N.A."] == "Not fitted"
    assert "Cable entry – comment" not in row


def test_labels_are_in_the_readers_language(acme):
    report = a_full_report(acme, enclosure="not_ok")
    scenarios.completed(report, acme, outcome=Outcome.FAILED)
    book = workbook(acme, locale="pt_BR")
    (row,) = rows(book["ATS"])
    assert (row["Invólucro sem danos"], row["Resultado"]) == ("Não OK", "Reprovado")
    assert row["Entrada de cabos"] == "Por baixo"
    # A question with the same label as one of the report's own columns.
    assert (row["Cliente"], row["Informações: Cliente"]) == ("Acme Client", "Hospital São Lucas")
    assert row["Resistência de contato: Fase A, Antes [mΩ]"] == 0.08
    assert book.sheetnames[1:] == ["Fotos", "Exceções", "Colunas", "Sobre"]


def test_a_changed_field_has_a_column_per_meaning(acme):
    report = a_full_report(acme)
    version = db.session.get_one(Version, report.version_id)
    body = json.loads(json.dumps(version.body))
    body["sections"][1]["fields"][0]["limits"]["unit"] = "kΩ"
    body["sections"][0]["fields"][1]["hint"] = {"en": "Look twice"}
    second = Version(
        checklist_id=version.checklist_id,
        number=2,
        body=body,
        published_at=datetime.now(UTC),
        published_by=acme.account_id,
    )
    db.session.add(second)
    db.session.commit()
    newer = scenarios.a_report(acme, version=second, number="ATS-0002")
    scenarios.all_answers(newer, acme, insulation={"text": "5", "decimal": "5"})
    found = {row["Report"]: row for row in rows(workbook(acme)["ATS"])}
    old, new = "Insulation resistance [MΩ] (version 1)", "Insulation resistance [kΩ] (version 2)"
    assert [found["ATS-0001-R0"][old], found["ATS-0001-R0"][new]] == [200, None]
    assert [found["ATS-0002-R0"][old], found["ATS-0002-R0"][new]] == [None, 5]
    assert {row["Checklist version"] for row in found.values()} == {1, 2}
    assert {row["Cable entry"] for row in found.values()} == {"Bottom"}
    columns = {row["Column"]: row for row in rows(workbook(acme)["Columns"])}
    assert (columns[old]["Field id"], columns[old]["Unit"], columns[old]["Versions"]) == (
        "insulation",
        "MΩ",
        "1",
    )
    assert columns["Cable entry"]["Versions"] == "1, 2"


def test_each_checklist_has_a_sheet(acme):
    a_full_report(acme)
    other = scenarios.a_checklist(acme, scenarios.a_definition("PHOTOS"))
    scenarios.a_report(acme, version=other, number="P-1")
    names = workbook(acme).sheetnames
    assert names == ["ATS", "PHOTOS", "Photos (2)", "Exceptions", "Columns", "About"]


def test_questions_with_the_same_label_get_distinct_headings(acme):
    def asked(id: str) -> object:
        return scenarios.Field(
            id=id, type=scenarios.FieldType.TEXT, label=scenarios.Text(en="Remarks")
        )

    sections = tuple(
        scenarios.Section(id=one, title=scenarios.Text(en=one.upper()), fields=fields)
        for one, fields in (("a", (asked("first"),)), ("b", (asked("second"), asked("third"))))
    )
    definition = scenarios.a_definition("TWICE", sections=sections, info_fields=())
    report = scenarios.a_report(acme, version=scenarios.a_checklist(acme, definition))
    for field_id in ("first", "second", "third"):
        scenarios.an_answer(report, field_id, field_id, acme)
    (row,) = rows(workbook(acme)["TWICE"])
    assert (row["A: Remarks"], row["B: Remarks {second}"], row["B: Remarks {third}"]) == (
        "first",
        "second",
        "third",
    )


def test_photo_rows_have_position_time_and_hash(acme):
    report = a_full_report(acme)
    photo = scenarios.a_photo(
        report,
        "enclosure",
        acme,
        caption=FORMULA,
        reading={"taken_at": "2026-11-22T14:05:09", "taken_offset": "-03:00", "device": "Phone"},
    )
    scenarios.a_photo(
        report,
        "enclosure",
        acme,
        position=1,
        verdict=PhotoVerdict.QUARANTINED,
        has_position=False,
        quarantine_reason="The site is closed",
    )
    gone = scenarios.a_photo(report, "enclosure", acme, position=2, removed_at=datetime.now(UTC))
    place_id, digests = scenarios.place_of(photo).id, (photo.sha256, gone.sha256)
    page = workbook(acme)["Photos"]
    first, second = rows(page)
    assert (first["Report"], first["Question"], first["Field id"], first["Photo no."]) == (
        "ATS-0001-R0",
        "Enclosure free of damage",
        "enclosure",
        1,
    )
    assert (first["Time"], first["Time zone"], first["Time source"]) == (
        datetime.fromisoformat("2026-11-22T14:05:09"),
        "UTC−03:00",
        "camera clock",
    )
    assert (first["Latitude"], first["Longitude"], first["Accuracy [m]"]) == (
        -23.55052,
        -46.633308,
        12,
    )
    assert cell(page, "Latitude").data_type == "n"
    assert first["Position source"] == "from the browser"
    assert first["SHA-256"] == digests[0] and first["Taken with"] == "Phone"
    assert (cell(page, "Caption").data_type, cell(page, "Caption").quotePrefix) == ("s", True)
    assert cell(page, "Link").hyperlink.target == f"http://localhost/photos/{place_id}/original"
    assert (second["Status"], second["Why it was kept"]) == (
        "Quarantined photo",
        "The site is closed",
    )
    assert (second["Latitude"], second["Time source"]) == (None, "time of receipt")
    assert digests[1] not in {first["SHA-256"], second["SHA-256"]}


def test_exception_rows_have_value_limits_and_reason(acme):
    table = {
        **scenarios.GOOD_ANSWERS["contact_resistance"],
        "b:after": {"text": "0,9", "decimal": "0.9"},
    }
    report = a_full_report(acme, enclosure="not_ok", contact_resistance=table, cable_entry=None)
    for answer in db.session.scalars(select(scenarios.Answer)):
        if answer.field_id == "enclosure":
            answer.comment = "Dented"
        if answer.field_id == "cable_entry":
            answer.na_reason = "No cable"
    scenarios.a_photo(
        report, "enclosure", acme, verdict=PhotoVerdict.QUARANTINED, quarantine_reason="Rain"
    )
    scenarios.a_photo(report, "enclosure", acme, position=1, reading={"notes": [Note.DAMAGED]})
    scenarios.a_photo(
        report,
        "enclosure",
        acme,
        position=2,
        reading={
            "taken_at": "2020-01-01T00:00:00",
            "taken_offset": "-03:00",
            "latitude": Decimal(10),
            "longitude": Decimal(10),
        },
    )
    report_id = report.id
    found = rows(workbook(acme)["Exceptions"])
    assert [row["Exception"] for row in found] == [
        "Not OK",
        "Quarantined photo",
        "Damaged photo",
        "Clocks disagree",
        "Positions disagree",
        "Out of limits",
        "N.A. although required",
    ]
    not_ok, quarantined, _damaged, clocks, _places, out, na = found
    assert (not_ok["Question"], not_ok["Comment or reason"]) == (
        "Enclosure free of damage",
        "Dented",
    )
    assert quarantined["Comment or reason"] == "Rain"
    assert (out["Table cell"], out["Value"], out["Unit"], out["Maximum"], out["Minimum"]) == (
        "Phase B, After",
        0.9,
        "mΩ",
        0.5,
        None,
    )
    assert na["Comment or reason"] == "No cable"
    assert "camera clock 2020-01-01 00:00:00 UTC−03:00" in str(clocks["Comment or reason"])
    assert str(out["Link"]).endswith(f"/reports/{report_id}#field-contact_resistance")


def test_the_about_sheet_describes_the_export(acme):
    a_full_report(acme)
    project = db.session.scalars(select(Project)).one()
    criteria = ReportFilter(
        project_id=project.id, search="ATS", completed_until=datetime(2027, 1, 2, 3, tzinfo=UTC)
    )
    scenarios.completed(db.session.scalars(select(Report)).one(), acme)
    page = workbook(acme, criteria=criteria)["About"]
    about = {row[0]: row[1] for row in page.iter_rows(values_only=True)}
    assert about["Company"] == "Acme Commissioning" and about["Requested by"] == "Ana Admin"
    assert about["Project"] == "North hall" and about["Number, title or tag"] == "ATS"
    assert about["Completed"] == "– 2027-01-01"
    assert (about["Reports"], about["Photos"], about["Exceptions"]) == (1, 0, 0)
    assert about["Time zone, unless stated otherwise"] == ZONE
    assert str(about["Generated by"]).startswith("Laudo ")
    assert isinstance(about["Data as of"], datetime)


NOBODY = UUID(int=7)
NARROWED = {
    "search": "x",
    "status": ReportStatus.DRAFT,
    "result": Outcome.FAILED,
    "checklist_id": NOBODY,
    "version_id": NOBODY,
    "project_id": NOBODY,
    "equipment_id": NOBODY,
    "person_id": NOBODY,
    "since": SOME_DAY,
    "until": SOME_DAY,
    "started_since": SOME_DAY,
    "started_until": SOME_DAY,
    "completed_since": SOME_DAY,
    "completed_until": SOME_DAY,
    "due": DueDays(Due.LATE, None, SOME_DAY.date()),
    "near": Circle(Decimal("-22.9071"), Decimal("-47.0632"), 500),
}


@pytest.mark.parametrize(
    "name", [one.name for one in fields(ReportFilter) if one.name not in UNFILTERED]
)
def test_the_about_sheet_lists_every_filter(app, name):
    """Without its line, the sheet would claim "all reports that this person may see"."""
    nothing = FilterChoices((), (), (), (), (), ())
    with app.test_request_context():
        lines = list(filter_lines(ReportFilter(**{name: NARROWED[name]}), nothing, ZONE))
    assert len(lines) == 1 and all(lines[0])
    if name == "near":
        assert lines[0][1] == "within 500 m of \u221222.907100, \u221247.063200"


def test_no_cell_becomes_a_formula(acme):
    version = scenarios.a_checklist(acme, scenarios.a_definition("ATS"))
    project = scenarios.a_project(acme, FORMULA, client=FORMULA)
    tag = scenarios.an_equipment(project, "@SUM(1)")
    report = scenarios.a_report(
        acme, version=version, project=project, equipment_id=tag.id, title=f"x;{FORMULA}"
    )
    scenarios.all_answers(
        report, acme, customer=FORMULA, remarks=f"a\n{FORMULA}", enclosure="not_ok"
    )
    for answer in db.session.scalars(select(scenarios.Answer)):
        answer.comment = answer.na_reason = "+1+1"
    scenarios.a_photo(report, "enclosure", acme, caption=FORMULA, quarantine_reason=FORMULA)
    db.session.execute(update(Account).values(name=FORMULA))
    db.session.commit()
    criteria = ReportFilter(search="hyperlink")
    book = workbook(acme, criteria=criteria)
    risky = 0
    for page in book.worksheets:
        for row in page.iter_rows():
            for one in row:
                assert one.data_type != "f", one.value
                if isinstance(one.value, str) and formulas_in(one.value):
                    assert one.quotePrefix, one.value
                    risky += 1
    assert risky > 20
    files = zipped(acme, AnswerFormat.CSV, criteria=criteria)
    for name in files.namelist():
        text = files.read(name).decode("utf-8-sig")
        for line in csv.reader(io.StringIO(text, newline="")):
            for one in line:
                is_number = one.lstrip("-").replace(".", "", 1).isdigit()
                assert is_number or formulas_in(one) == [], one


# --- the other formats -----------------------------------------------------------------------


def test_csv_has_the_same_sheets_as_the_workbook(acme):
    report = a_full_report(acme, insulation={"text": "1e-7", "decimal": "0.0000001"})
    scenarios.a_photo(report, "enclosure", acme)
    files = zipped(acme, AnswerFormat.CSV)
    assert files.namelist() == [
        "ATS.csv",
        "photos.csv",
        "exceptions.csv",
        "columns.csv",
        "about.csv",
    ]
    (row,) = lines(files, "ATS")
    assert row["Insulation resistance [MΩ]"] == "0.0000001"
    assert (row["Date"], row["Start"]) == ("2026-03-31", "14:05")
    assert [lines(files, "photos")[0][name] for name in ("Latitude", "Longitude")] == [
        "-23.550520",
        "-46.633308",
    ]


def test_json_lines_are_complete_and_match_the_schema(acme):
    long = {"text": ">0.1234567890123456789", "decimal": "0.1234567890123456789"}
    report = a_full_report(acme, insulation=long, enclosure="not_ok")
    photo_id = scenarios.a_photo(report, "enclosure", acme, caption="Front").id
    report_id = scenarios.completed(report, acme, outcome=Outcome.FAILED).id
    scenarios.a_report(acme, number="X-1")
    files = zipped(acme, AnswerFormat.JSONL, locale="pt_BR")
    assert files.namelist() == ["reports.jsonl", "about.json", "schema.json"]
    texts = files.read("reports.jsonl").decode().splitlines()
    assert len(texts) == 2
    for text in texts:
        ReportRecord.model_validate_json(text)
    found = next(one for one in map(json.loads, texts) if one["id"] == str(report_id))
    assert (found["number"], found["revision"], found["result"]) == ("ATS-0001", 0, "failed")
    answers = found["answers"]
    assert list(answers)[:3] == ["customer", "inspected_on", "enclosure"]
    assert answers["insulation"]["value"] == long
    assert (answers["insulation"]["unit"], answers["insulation"]["min"]) == ("MΩ", "100")
    assert answers["insulation"]["judgements"] == {"": "out_of_limits"}
    assert answers["contact_resistance"]["value"]["a:before"] == {"text": "0,08", "decimal": "0.08"}
    assert answers["accessories"]["options"]["fan"] == {"en": "Fan", "pt": "Ventilador"}
    assert answers["enclosure"]["verdict"] == "not_ok"
    assert [one["kind"] for one in found["exceptions"]] == ["not_ok", "out_of_limits"]
    (placed,) = found["photos"]
    assert (placed["id"], placed["positions"][0]["latitude"]) == (str(photo_id), "-23.550520")
    schema = json.loads(files.read("schema.json"))
    assert set(schema["properties"]) == set(found)
    assert ["Idioma", "Português (Brasil)"] in json.loads(files.read("about.json"))


# --- frozen names and consistency ------------------------------------------------------------


def test_a_finished_report_uses_the_names_in_its_snapshot(acme):
    report = a_full_report(acme)
    scenarios.completed(report, acme)
    frozen = {
        "report": {
            "project": {"name": "Old hall", "client": "Old client"},
            "equipment": {"tag": "OLD-1", "name": "Old board"},
            "assignee": {"name": "Old assignee"},
            "started_by": {"name": "Old starter"},
        }
    }
    body = json.dumps(frozen)
    db.session.add(
        Snapshot(
            report_id=report.id,
            body=body,
            sha256=sha256_of(body.encode()),
            audit_sequence=1,
            audit_hash="0" * 64,
        )
    )
    db.session.commit()
    (row,) = rows(workbook(acme)["ATS"])
    assert [
        row[name] for name in ("Project", "Client", "Equipment tag", "Assignee", "Started by")
    ] == ["Old hall", "Old client", "OLD-1", "Old assignee", "Old starter"]


def test_all_rows_show_the_same_moment(stage, acme, cast, monkeypatch):
    """Rows committed during the export are in none of its sheets."""
    app, _ana = stage
    report = a_full_report(acme)
    load_reports = making.load_reports

    def slowly(*arguments):
        def meanwhile():
            with app.app_context(), tenant_scope(cast.acme):
                db.session.execute(
                    update(scenarios.Answer).values(comment="Too late", na_reason="Too late")
                )
                db.session.commit()

        thread = Thread(target=meanwhile)
        thread.start()
        thread.join()
        return load_reports(*arguments)

    report_id = report.id
    monkeypatch.setattr(making, "load_reports", slowly)
    (row,) = rows(workbook(acme)["ATS"])
    assert "Too late" not in row.values()
    late = select(func.count()).where(scenarios.Answer.comment == "Too late")
    assert db.session.scalar(late) > 5 and report_id


# --- access ----------------------------------------------------------------------------------


def test_a_technician_exports_only_own_reports(acme, cast):
    tess = Actor(cast.tess.name, cast.tess.role, cast.tess.id)
    version = scenarios.a_checklist(acme, scenarios.a_definition("ATS"))
    scenarios.a_report(acme, version=version, number="A-1")
    scenarios.a_report(tess, version=version, number="T-1")
    scenarios.a_report(acme, version=version, number="T-2", assignee_id=cast.tess.id)
    reports = {row["Report"] for row in rows(workbook(tess)["ATS"])}
    assert reports == {"T-1-R0", "T-2-R0"}


def test_no_format_contains_data_of_another_company(stage, cast):
    app, ana = stage
    otto = Actor(cast.otto.name, cast.otto.role, cast.otto.id)
    with app.app_context(), tenant_scope(cast.other):
        theirs = scenarios.a_report(otto, title="Canary-7f3a")
        scenarios.all_answers(theirs, otto, customer="Canary-7f3a")
    with app.app_context(), tenant_scope(cast.acme):
        scenarios.a_report(ana)
        for format in AnswerFormat:
            export = run(ask(ana, format))
            assert export.counts["reports"] == 1
            files = zipfile.ZipFile(io.BytesIO(data_of(export)))
            assert all(b"Canary-7f3a" not in files.read(name) for name in files.namelist())
    with app.app_context(), tenant_scope(cast.other):
        assert list_exports(person=otto) == []


def test_a_requester_who_lost_access_gets_no_file(acme, cast):
    a_full_report(acme)
    waiting = ask(acme)
    for columns in ({"role": Role.TECHNICIAN}, {"is_active": False}):
        db.session.execute(update(Account).where(Account.id == cast.ana.id).values(**columns))
        db.session.commit()
        export = run(waiting)
        assert (export.state, export.error) == (WorkState.FAILED, "not_allowed")
        db.session.execute(update(Account).where(Account.id == cast.ana.id).values(role=Role.ADMIN))
        waiting = ask(acme)


def test_a_suspended_company_can_export(stage, acme, cast):
    app, _ana = stage
    a_full_report(acme)
    set_company(app, cast.acme, status=TenantStatus.SUSPENDED, suspended_reason="Unpaid.")
    assert run(ask(acme)).state is WorkState.DONE


# --- requests --------------------------------------------------------------------------------


def test_a_repeated_request_is_one_export_and_is_audited(acme):
    a_full_report(acme)
    first = ask(acme, filters={"search": "a"}, criteria=ReportFilter(search="a"))
    assert ask(acme, filters={"search": "a"}, criteria=ReportFilter(search="a")) == first
    assert ask(acme) != first
    export = run(first)
    entries = list_entries("answer_export", first)
    assert [entry.action for entry in entries] == [
        "reports.answers_requested",
        "reports.answers_made",
    ]
    asked, made = (entry.facts["facts"] for entry in entries)
    assert asked == {"format": "xlsx", "reports": "1", "filters": {"search": "a"}}
    assert (made["sha256"], made["reports"], made["photos"]) == (export.sha256, "1", "0")


def test_invalid_requests_are_refused_with_a_reason(acme):
    with pytest.raises(NothingToExport):
        ask(acme)
    for _ in range(2):
        scenarios.a_report(acme)
    with pytest.raises(TooManyRows, match="2 reports are too many for one file"):
        ask(acme, most=1)
    for at in range(MAX_OPEN):
        ask(
            acme,
            criteria=ReportFilter(is_descending=False, status=ReportStatus.DRAFT),
            time_zone=f"Z{at}",
        )
    with pytest.raises(TooManyOpen):
        ask(acme, time_zone="Z9")


def test_a_new_file_replaces_the_older_one_of_its_format(acme, cast):
    tess = Actor(cast.tess.name, cast.tess.role, cast.tess.id)
    scenarios.a_report(tess)
    first, other, theirs = run(ask(acme)), run(ask(acme, AnswerFormat.CSV)), run(ask(tess))
    key = first.storage_key
    assert key in list_named()
    second = run(ask(acme, criteria=ReportFilter(is_descending=False)))
    with pytest.raises(NotExported):
        get_file(first.id, person=acme)
    # No row refers to the old file any more, so the sweeper may delete it.
    assert key not in list_named() and get_export(first.id, person=acme).sha256
    for export, person in ((second, acme), (other, acme), (theirs, tess)):
        assert get_file(export.id, person=person).storage_key in list_named()


# --- failures --------------------------------------------------------------------------------


def test_another_worker_takes_over_after_a_crash(acme, cast):
    """The lease expires and the next worker makes the file; the first one could not publish."""
    a_full_report(acme)
    export_id = ask(acme)
    dead = runner.claim_work(MAKING, export_id, cast.acme)
    assert dead is not None
    assert run(export_id).state is WorkState.RUNNING  # the lease holds
    db.session.execute(update(AnswerExport).values(lease_until=func.now() - timedelta(minutes=1)))
    db.session.commit()
    export = run(export_id)
    assert (export.state, export.fence) == (WorkState.DONE, 2)
    key = export.storage_key
    with pytest.raises(runner.FenceLost):
        making.make_export(dead)
    db.session.rollback()
    assert get_export(export_id, person=acme).storage_key == key


def test_the_job_waits_for_an_unavailable_storage(stage, acme, monkeypatch):
    app, _ana = stage
    a_full_report(acme)

    def away(*_arguments):
        raise StorageUnavailable

    monkeypatch.setattr(app.extensions["laudo_storage"], "put", away)
    export = run(ask(acme))
    assert (export.state, export.attempts) == (WorkState.QUEUED, 0)
    monkeypatch.undo()
    db.session.execute(update(AnswerExport).values(lease_until=None))
    db.session.commit()
    assert run(export.id).state is WorkState.DONE


def test_too_many_rows_fail_as_xlsx_but_not_as_csv(acme, monkeypatch):
    a_full_report(acme)
    monkeypatch.setattr("app.web.books.MAX_COLUMNS", 20)
    export = run(ask(acme))
    assert (export.state, export.error) == (WorkState.FAILED, "too_wide")
    assert run(ask(acme, AnswerFormat.CSV)).state is WorkState.DONE


def test_an_unknown_export_is_not_found(acme):
    with pytest.raises(NotFound):
        get_export(uuid4(), person=acme)
