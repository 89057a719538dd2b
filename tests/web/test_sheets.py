"""CSV and XLSX exports: no spreadsheet program reads any part of a cell as a formula."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app import web
from app.extensions import db
from app.models import Account, Project
from app.web.sheets import ExportSheet, csv_chunks, write_xlsx
from tests.support import scenarios
from tests.support.formulas import HOSTILE, formulas_in


def csv_of(*cells: object) -> str:
    sheet = ExportSheet("x", tuple("abcdefgh"[: len(cells)]), iter([cells]), "UTC")
    return b"".join(csv_chunks(sheet)).decode("utf-8-sig")


def cells_of(text: str) -> list[str]:
    return list(csv.reader(io.StringIO(text, newline="")))[1]


def test_the_formula_detector_works():
    assert formulas_in("a;=1") == ["=1"] and formulas_in('a, "＝1') == ["＝1"]
    assert formulas_in("5.2; 1,5 = a") == [] and formulas_in("a;'=1") == []


@pytest.mark.parametrize("text", HOSTILE)
def test_no_part_of_a_cell_starts_a_formula(text):
    (cell,) = cells_of(csv_of(text))
    assert formulas_in(cell) == []
    assert not re.search(r"(^|[,;|\n])[=+\-@\t\r＝＋－＠]", cell)
    assert cell.replace("'", "") == text.replace("\r\n", "\n").replace("\r", "\n").replace("'", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_cut_at_semicolons_holds_no_formula_either(text):
    """As Excel in Portuguese reads the file: quotes in the middle of a cell have no meaning."""
    line = csv_of("first", text, "last").split("\r\n", 1)[1]
    for cell in re.split(r"[;\r\n\t|]", line):
        assert formulas_in(cell.lstrip('"')) == [], cell


@given(
    st.text(
        alphabet=st.sampled_from([*"=+-@,;|\t\n\r\"' x1.", "＝", "\u200b", "\x00"]), max_size=30
    )
)
@example('x;""=1')
@example("\n\r=1")
@example("-1;-1+1")
def test_escaping_only_adds_apostrophes(text):
    (cell,) = cells_of(csv_of(text))
    assert formulas_in(cell) == []
    plain = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    assert cell.replace("'", "") == plain.replace("'", "")


@given(st.text(max_size=200))
def test_harmless_text_is_unchanged(text):
    plain = re.sub(r"[=+\-@,;|\t\n\r\x00]", "", text)
    if not formulas_in(plain):
        assert cells_of(csv_of(plain)) == [plain]


@pytest.mark.parametrize("value", [-5.2, Decimal("-5.20"), -3, 0, 1e-7])
def test_numbers_stay_numbers(value):
    assert cells_of(csv_of(value)) == [str(value)]
    file = io.BytesIO()
    write_xlsx(ExportSheet("x", ("a",), iter([(value,)]), "UTC"), file)
    cell = openpyxl.load_workbook(file).active["A2"]
    assert (cell.data_type, cell.value) == ("n", float(value))


def test_times_and_empty_cells_are_unchanged():
    moment = datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert cells_of(csv_of(moment, date(2026, 1, 2), None, True)) == [
        "2026-11-30 12:00:00+00:00",
        "2026-01-02",
        "",
        "True",
    ]


def test_a_workbook_keeps_the_text_and_marks_it_as_text():
    file = io.BytesIO()
    rows = iter([(text, -5.2, Decimal("-1.5")) for text in HOSTILE])
    write_xlsx(ExportSheet("x", ("a", "b", "c"), rows, "UTC"), file)
    page = openpyxl.load_workbook(file).active
    for text, (cell, number, decimal) in zip(HOSTILE, page.iter_rows(min_row=2), strict=True):
        assert cell.data_type == "s" and cell.quotePrefix
        assert cell.value.replace("\r\n", "\n") == text.replace("\r\n", "\n")
        assert (number.data_type, number.value, decimal.value) == ("n", -5.2, -1.5)


# --- every export ----------------------------------------------------------------------------

EVIL = "x;=HYPERLINK(1)"


@pytest.fixture
def hostile(acting, cast):
    """A company whose people type formulas into every field."""
    with acting(cast.ana) as actor:
        version = scenarios.a_checklist(actor)
        project = scenarios.a_project(actor, EVIL)
        for at, text in enumerate(HOSTILE[:20]):
            scenarios.a_report(
                actor, version=version, project=project, title=text, number=f"H-{at}"
            )
        for account in db.session.scalars(db.select(Account)):
            account.name = EVIL
        for one in db.session.scalars(db.select(Project)):
            one.client = one.address = EVIL
        db.session.commit()


WRITES = re.compile(r"csv\.(writer|DictWriter)|\bWorkbook\(|text/csv")


def test_no_other_module_writes_csv_or_xlsx():
    """Except two workbooks of constants (the sample download and the demo's), the response that
    streams the audit, and checklists as workbooks, whose cells are texts (tests/definition)."""
    app = Path(web.__file__).parents[1]
    writers = {
        str(path.relative_to(app))
        for path in app.rglob("*.py")
        if "node_modules" not in path.parts and WRITES.search(path.read_text())
    }
    assert writers == {
        "web/sheets.py",
        "web/books.py",
        "audit/routes.py",
        "definition/workbook/sample.py",
        "definition/workbook/writer.py",
        "definition/xlsform/writer.py",
        "commands/demo/workbook.py",
    }


def exports_of(app) -> set[str]:
    """Every address of the app that responds with a CSV or XLSX file."""
    return {
        rule.rule for rule in app.url_map.iter_rules() if re.search(r"csv|xlsx|export\.", rule.rule)
    }


def test_the_list_of_exports_is_complete(app):
    assert exports_of(app) == {
        "/reports/export.<any(csv,xlsx):kind>",
        "/audit/export.csv",
        "/platform/audit.csv",
        "/checklists/sample.xlsx",  # contains only constants
        "/checklists/versions/<uuid:version_id>/workbook.xlsx",  # tests/definition/test_writer.py
        "/reports/<uuid:report_id>/workbook.xlsx",  # tests/definition/test_copying.py
    }


def test_no_export_contains_a_formula(client_of, cast, hostile):
    for person, url in (
        (cast.ana, "/reports/export.csv"),
        (cast.ana, "/audit/export.csv"),
        (cast.sam, "/platform/audit.csv"),
    ):
        answer = client_of(person).get(url)
        assert answer.status_code == 200, url
        rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
        assert len(rows) > 1
        assert [cell for row in rows for cell in row if formulas_in(cell)] == [], url
        if person is cast.ana:
            assert "x;'=HYPERLINK(1)" in answer.text
