"""Files of several sheets: numbers keep their digits, text stays text, no temporary files stay."""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from app.web import books
from app.web.books import BookFull, CsvBook, Heading, Link, Marked, XlsxBook
from tests.support.formulas import HOSTILE, formulas_in

ZONE = "America/Sao_Paulo"
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def a_workbook(folder: Path, *rows: list[object], headings: int = 1) -> openpyxl.Workbook:
    path = folder / "book.xlsx"
    book = XlsxBook(path, ZONE)
    page = book.add_sheet("Sheet", "sheet", [Heading(f"H{at}") for at in range(headings)])
    for row in rows:
        page.add(row)
    book.save()
    book.close()
    return openpyxl.load_workbook(path)


def cells(folder: Path, *values: object) -> list[object]:
    page = a_workbook(folder, list(values), headings=len(values)).active
    return list(page[2])


def test_numbers_are_numbers_to_the_last_digit(tmp_path):
    texts = ["0.08", "-5.2", "12345678901234.5678", "0.000000000000000000012", "9007199254740993"]
    found = cells(tmp_path, *map(Decimal, texts), 7, 1.5)
    assert {cell.data_type for cell in found} == {"n"}
    assert [float(cell.value) for cell in found] == [*map(float, texts), 7.0, 1.5]
    with zipfile.ZipFile(tmp_path / "book.xlsx") as zipped:
        xml = zipped.read("xl/worksheets/sheet1.xml").decode()
    for text in texts:
        assert f"<v>{text}</v>" in xml


@pytest.mark.parametrize("sign", ["\x00", "\x1f", "\ufffe", "\uffff", "\ud800", "\udfff"])
def test_characters_forbidden_in_xml_do_not_break_a_workbook(tmp_path, sign):
    path = tmp_path / "book.xlsx"
    book = XlsxBook(path, ZONE)
    book.add_sheet(f"S{sign}heet", "sheet", [Heading(f"H{sign}")]).add([f"a{sign}b"])
    book.save()
    page = openpyxl.load_workbook(path).active
    assert page.title.replace("_", "") == "Sheet"
    assert [cell.value for (cell,) in page.iter_rows()] == ["H", "ab"]


def test_a_text_that_looks_like_an_escape_stays_as_it_is(tmp_path):
    """Spreadsheets would show "_x003D_" as "="."""
    a_workbook(tmp_path, ["_x003D_1_x000D_", "_x3D_"], headings=2)
    with zipfile.ZipFile(tmp_path / "book.xlsx") as zipped:
        xml = "".join(zipped.read(name).decode() for name in zipped.namelist())
    assert ">_x005F_x003D_1_x005F_x000D_<" in xml and ">_x3D_<" in xml


def test_days_times_and_datetimes_keep_their_type(tmp_path):
    day, hour, moment, naive = cells(
        tmp_path, date(2026, 1, 2), time(14, 5), NOON, datetime.fromisoformat("2026-01-02T03:04:05")
    )
    assert (
        day.is_date
        and day.value == datetime.fromisoformat("2026-01-02")
        and day.number_format == "yyyy-mm-dd"
    )
    assert hour.value == time(14, 5) and hour.number_format == "hh:mm"
    assert moment.value == datetime.fromisoformat("2026-11-30T09:00:00")  # in the reader's zone
    assert naive.value == datetime.fromisoformat("2026-01-02T03:04:05")  # not converted


def test_texts_stay_texts_and_are_marked_as_such(tmp_path):
    page = a_workbook(tmp_path, *[[text, Marked(text)] for text in HOSTILE], headings=2).active
    for text, row in zip(HOSTILE, page.iter_rows(min_row=2), strict=True):
        for cell in row:
            assert cell.data_type == "s" and cell.quotePrefix
            assert cell.value.replace("\r\n", "\n") == text.replace("\r\n", "\n")


def test_a_heading_never_becomes_a_formula(tmp_path):
    book = XlsxBook(tmp_path / "a.xlsx", ZONE)
    book.add_sheet("=1", "a", [Heading("=HYPERLINK(1)")])
    book.save()
    page = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert (page["A1"].data_type, page["A1"].quotePrefix) == ("s", True)


def test_a_marked_value_is_highlighted_and_stays_a_number(tmp_path):
    bad, good, words = cells(tmp_path, Marked(Decimal("7.5")), Decimal("7.5"), Marked("Not OK"))
    assert (bad.data_type, bad.value) == ("n", 7.5)
    assert bad.font.b and words.font.b and not good.font.b


def test_links_work_and_their_number_is_limited(tmp_path, monkeypatch):
    monkeypatch.setattr(books, "MAX_LINKS", 2)
    rows = [[Link(f"https://laudo.test/{at}")] for at in range(3)]
    page = a_workbook(tmp_path, *rows).active
    found = [page.cell(at, 1) for at in (2, 3, 4)]
    assert [cell.value for cell in found] == [f"https://laudo.test/{at}" for at in range(3)]
    targets = [cell.hyperlink and cell.hyperlink.target for cell in found]
    assert targets == ["https://laudo.test/0", "https://laudo.test/1", None]


def test_a_sheet_has_filters_and_print_settings(tmp_path):
    page = a_workbook(tmp_path, [1, 2, 3], headings=3).active
    assert page.freeze_panes == "B2"
    assert page.auto_filter.ref == "A1:C1"
    assert page.print_title_rows == "$1:$1"
    assert page.page_setup.orientation == "landscape"
    assert page.sheet_properties.pageSetUpPr.fitToPage and page.page_setup.fitToHeight == 0
    assert page["A1"].font.b and page["A1"].fill.fgColor.rgb != "00000000"
    assert page.column_dimensions["A"].width == 14


def test_a_row_is_as_high_as_its_longest_text_and_no_higher_than_that(tmp_path):
    """LibreOffice does not compute the height itself and would show the lines on top of each
    other."""
    book = XlsxBook(tmp_path / "a.xlsx", ZONE)
    page = book.add_sheet("a", "a", [Heading("h" * 40, 13), Heading("words", 43)])
    for row in (["x" * 40, "short"], ["", "y" * 100], ["", "z\n" * 50], [Link("u" * 200), None]):
        page.add(row)
    book.save()
    heights = openpyxl.load_workbook(tmp_path / "a.xlsx").active.row_dimensions
    assert [heights[at].height for at in range(1, 6)] == [60, None, 45, 180, None]


def test_titles_are_short_and_unique(tmp_path):
    book = XlsxBook(tmp_path / "a.xlsx", ZONE)
    for title in ("PHOTOS", "Photos", "a/b:c", "x" * 40, "x" * 41, "''"):
        book.add_sheet(title, "a", [Heading("h")])
    book.save()
    titles = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    assert titles == ["PHOTOS", "Photos (2)", "a_b_c", "x" * 31, "x" * 27 + " (2)", "_"]


def test_too_many_rows_or_columns_are_refused(tmp_path, monkeypatch):
    book = XlsxBook(tmp_path / "a.xlsx", ZONE)
    with pytest.raises(BookFull):
        book.add_sheet("wide", "wide", [Heading("h")] * (books.MAX_COLUMNS + 1))
    monkeypatch.setattr(books, "MAX_ROWS", 3)
    page = book.add_sheet("long", "long", [Heading("h")])
    page.add([1])
    page.add([2])
    with pytest.raises(BookFull):
        page.add([3])
    book.close()


def test_an_abandoned_book_leaves_no_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    book = XlsxBook(tmp_path / "a.xlsx", ZONE)
    for at in range(3):
        book.add_sheet(f"{at}", "a", [Heading("h")]).add(["words"])
    assert list(tmp_path.glob("openpyxl*")) != []
    book.close()
    assert list(tmp_path.iterdir()) == []


def test_csv_files_are_escaped_and_complete(tmp_path):
    (tmp_path / "work").mkdir()
    book = CsvBook(tmp_path / "a.zip", ZONE, tmp_path / "work")
    page = book.add_sheet("First sheet", "A/B", [Heading("=head"), Heading("b"), Heading("c")])
    for text in HOSTILE:
        page.add([text, Marked(Decimal("-0.0000001")), Link("https://laudo.test/1")])
    book.add_sheet("Other", "a_b", [Heading("h")]).add([NOON])
    book.save()
    book.close()
    with zipfile.ZipFile(tmp_path / "a.zip") as zipped:
        assert zipped.namelist() == ["A_B.csv", "a_b-2.csv"]
        data = zipped.read("A_B.csv")
        assert data.startswith(b"\xef\xbb\xbf")
        head, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        assert head == ["'=head", "b", "c"] and len(rows) == len(HOSTILE)
        for text, row in zip(HOSTILE, rows, strict=True):
            assert formulas_in(row[0]) == []
            plain = re.sub("'", "", text.replace("\r\n", "\n").replace("\r", "\n"))
            assert row[0].replace("'", "") == plain
            assert row[1:] == ["-0.0000001", "https://laudo.test/1"]
        assert b'"2026-11-30 09:00:00-03:00"' in zipped.read("a_b-2.csv")
