# ruff: noqa: DTZ001 - cells have no time zone
"""A cell counts as its sheet shows it; otherwise a message names its address and a remedy."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.worksheet.worksheet import Worksheet

from app.definition.schema import Field
from app.definition.workbook import WorkbookReading, read_workbook
from tests.definition.builders import FOUR_HEADER, SHEET, problems_of, read, repacked, workbook

SPLIT = ("Section", "Question", "Type", "Unit", "Min", "Max")
ROW = ("Tests", "Reading", "number")


def formatted(**formats: str) -> Callable[[Workbook], None]:
    """Set number formats of checklist cells by address."""

    def change(book: Workbook) -> None:
        for ref, code in formats.items():
            book["Checklist"][ref].number_format = code

    return change


def read_limits(unit: str | None, low: object, high: object, **formats: str) -> WorkbookReading:
    rows = [SPLIT, (*ROW, unit, low, high)]
    return read({"Checklist": rows}, change=formatted(**formats))


def only_field(result: WorkbookReading) -> Field:
    assert result.definition, result.problems
    return next(iter(result.definition.all_fields()))


def notices(result: WorkbookReading) -> list[tuple[str, str]]:
    return [(notice.cell, str(notice.sentence)) for notice in result.notices]


@pytest.mark.parametrize(
    ("unit", "low", "high", "code", "expected"),
    [
        ("%", 0.95, 1, "0%", ("95", "100")),
        ("%", 0.955, 0.995, "0.0%", ("95.5", "99.5")),
        ("rpm", 1000, 1500, "#,##0", ("1000", "1500")),
        ("rpm", 1000.125, 1500.5, "#,##0.000", ("1000.125", "1500.5")),
        ("kV", 13.1, 13.8, '0.0 "kV"', ("13.1", "13.8")),
        ("V", 13.1, 13.8, '0.0 "kV"', ("13100", "13800")),
        ("A", -5, -1, "#,##0.00_);(#,##0.00)", ("-5", "-1")),
        ("Ω", 0.00125, 0.0125, "0.00E+00", ("0.00125", "0.0125")),
        ("mm", 0.5, 1.5, "# ?/?", ("0.5", "1.5")),
        ("V", 1.1, 1.125, "General", ("1.1", "1.125")),
        ("V", 220, 240, "[>200]0.0;0", ("220", "240")),
    ],
)
def test_limits_count_as_shown(
    unit: str, low: float, high: float, code: str, expected: tuple[str, str]
) -> None:
    result = read_limits(unit, low, high, E2=code, F2=code)
    limits = only_field(result).limits
    assert limits and limits.min is not None and limits.max is not None
    assert (format(limits.min, "f"), format(limits.max, "f")) == expected
    assert notices(result) == []


@pytest.mark.parametrize(
    ("low", "code", "counts", "held"),
    [
        (59.94, "0", "60", "59.94"),
        (0.955, "0%", "96", "95.5 %"),
        (1500, "0.0,", "1.5", "1500"),
        (1.23456, "0.00E+00", "1.23", "1.23456"),
    ],
)
def test_a_limit_that_shows_another_number_counts_as_shown_with_a_notice(
    low: float, code: str, counts: str, held: str
) -> None:
    result = read_limits("%" if "%" in code else "V", low, None, E2=code)
    limits = only_field(result).limits
    assert limits and limits.min is not None and format(limits.min, "f") == counts
    [(cell, sentence)] = notices(result)
    assert cell == "E2" and f"contains {held} but shows" in sentence


@pytest.mark.parametrize(
    ("unit", "value", "code"),
    [
        ("V", 0.95, "0%"),
        (None, 0.95, "0%"),
        ("kV", 13.8, '0.0 "mm"'),
        ("V", 5, '"R$" 0.00'),
        ("V", 46000, "dd/mm/yyyy"),
        ("mm", 1 / 3, "# ?/?"),
    ],
)
def test_a_limit_that_shows_another_unit_is_a_problem(
    unit: str | None, value: float, code: str
) -> None:
    [(cell, _sentence)] = problems_of(read_limits(unit, value, None, E2=code))
    assert cell == "E2"


@pytest.mark.parametrize("code", ["[$-D000409]0", "0.0 e", "[DBNum1]0", "gg", "0;0;0;0;0", "0.0.0"])
def test_an_uncertain_format_is_a_problem_with_its_address(code: str) -> None:
    [(cell, sentence)] = problems_of(read_limits("V", 5, None, E2=code))
    assert (cell, code in sentence) == ("E2", True)
    assert "type as text" in sentence


def test_formats_of_other_languages_known_by_number_only_are_problems() -> None:
    def change(name: str, part: bytes) -> bytes:
        return part.replace(b'numFmtId="9"', b'numFmtId="57"') if name == "xl/styles.xml" else part

    rows = [SPLIT, (*ROW, "V", 46000, None)]
    data = repacked(workbook({"Checklist": rows}, formatted(E2="0%")), change)
    [(cell, _)] = problems_of(read_workbook(data, filename_stem="x"))
    assert cell == "E2"


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        (1.1, "0.00", "1.10"),
        (95, '0 "items"', "95 items"),
        (1234567, "#,##0", "1,234,567"),
        (True, "General", "TRUE"),
        (False, "0.00", "FALSE"),
        (0.1 + 0.2, "General", "0.3"),
        (123456789012, "General", "123456789012"),
        (date(2026, 11, 30), "dd/mm/yyyy", "30/11/2026"),
        (date(2026, 11, 3), "m/d/yy", "11/3/26"),
        (date(2026, 11, 30), '[$-416]d" de "mmmm" de "yyyy', "30 de novembro de 2026"),
        (date(2026, 11, 30), "[$-409]dddd, mmm d", "Monday, Nov 30"),
        (datetime(2026, 11, 30, 14, 5), "yyyy-mm-dd hh:mm", "2026-11-30 14:05"),
        (time(14, 5), "h:mm AM/PM", "2:05 PM"),
        (timedelta(hours=27, minutes=5), "[h]:mm", "27:05"),
        ("'01", "General", "'01"),
        ("1.10", "@", "1.10"),
        ("pump", '"No. "@', "No. pump"),
        ("pump", "0.00", "pump"),
    ],
)
def test_every_kind_of_value_reads_as_on_the_sheet(value: object, code: str, words: str) -> None:
    rows = [FOUR_HEADER, ("A", value, "Text", None)]
    result = read({"Checklist": rows}, change=formatted(B2=code))
    label = only_field(result).label
    assert (label.en or label.pt) == words
    assert notices(result) == []


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        (date(2026, 11, 3), "mm-dd-yy", "2026-11-03"),
        (date(2026, 11, 3), "d-mmm", "3-Nov"),
        (datetime(2026, 11, 3, 9, 30), "m/d/yy h:mm", "2026-11-03 9:30"),
        (date(2026, 11, 3), "[$-F800]dddd, mmmm dd, yyyy", "Tuesday, November 03, 2026"),
        (5, '"$"#,##0_);("$"#,##0)', "$5"),
    ],
)
def test_text_that_depends_on_the_computer_is_reported(
    value: object, code: str, words: str
) -> None:
    result = read(
        {"Checklist": [FOUR_HEADER, ("A", value, "Text", None)]}, change=formatted(B2=code)
    )
    assert only_field(result).label.en == words
    [(cell, sentence)] = notices(result)
    assert (cell, words in sentence) == ("B2", True)


def test_content_hidden_by_a_format_is_reported() -> None:
    rows = [SPLIT, (*ROW, "V", 5, 9), ("Tests", "Second", "text", "secret")]
    change = formatted(E2=";;;", D3=";;;")
    result = read({"Checklist": rows}, change=change)
    limits = only_field(result).limits
    assert limits and (limits.min, limits.max) == (None, 9)
    assert [cell for cell, sentence in notices(result) if "hides its content" in sentence] == ["E2"]


def test_conditional_formats_that_change_numbers_are_reported() -> None:
    def change(book: Workbook) -> None:
        styles = (
            ("E2", DifferentialStyle(numFmt=NumberFormat(numFmtId=200, formatCode="0%"))),
            ("F2", DifferentialStyle(font=Font(strike=True))),
            ("B2", DifferentialStyle(font=Font(bold=True))),
        )
        for ref, style in styles:
            rule = Rule(type="expression", dxf=style, formula=["1"])
            book["Checklist"].conditional_formatting.add(ref, rule)

    result = read({"Checklist": [SPLIT, (*ROW, "V", 5, 9)]}, change=change)
    [(cell, sentence)] = notices(result)
    assert cell == "" and "formats in E2 F2 may" in sentence


def test_zeros_that_a_sheet_hides_are_reported() -> None:
    def change(book: Workbook) -> None:
        book["Checklist"].sheet_view.showZeros = False

    result = read({"Checklist": [SPLIT, (*ROW, "V", 0, 9)]}, change=change)
    limits = only_field(result).limits
    assert limits and limits.min is None
    assert [cell for cell, _ in notices(result)] == ["E2"]


def test_the_date_system_of_1904() -> None:
    def change(book: Workbook) -> None:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        book["Checklist"]["B2"].number_format = "yyyy-mm-dd"

    rows = [FOUR_HEADER, ("A", date(2026, 11, 30), "Text", None)]
    result = read({"Checklist": rows}, change=change)
    assert only_field(result).label.en == "2026-11-30"


@pytest.mark.parametrize("error", ["#DIV/0!", "#N/A", "#REF!", "#NAME?", "#SPILL!", "#CALC!"])
def test_error_cells_are_named(error: str) -> None:
    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"#N/A", error.encode()) if name == SHEET else part

    data = repacked(workbook({"S": [FOUR_HEADER, ("A", "#N/A", "Text", None)]}), change)
    [(cell, sentence)] = problems_of(read_workbook(data, filename_stem="x"))
    assert (cell, error in sentence) == ("B2", True)


def test_text_that_only_looks_like_an_error_is_text() -> None:
    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"loose words", b"#N/A") if name == SHEET else part

    data = repacked(workbook({"S": [FOUR_HEADER, ("A", "loose words", "Text", None)]}), change)
    assert only_field(read_workbook(data, filename_stem="x")).label.en == "#N/A"


# --- sections ------------------------------------------------------------------------------


def read_sections(*sections: object, code: str = "0.00") -> WorkbookReading:
    rows = [FOUR_HEADER]
    rows += [(one, f"Question {at}", "Text", None) for at, one in enumerate(sections)]

    def change(book: Workbook) -> None:
        for row in range(2, len(rows) + 1):
            book["Checklist"].cell(row, 1).number_format = code

    return read({"Checklist": rows}, change=change)


def test_section_numbers_keep_their_zeros() -> None:
    result = read_sections(1.1, 1.11, 1.2)
    assert result.definition
    assert [one.title.en for one in result.definition.sections] == ["1.10", "1.11", "1.20"]
    assert notices(result) == []


def test_sections_joined_by_their_numbers_are_reported() -> None:
    result = read_sections(1.1, 1.2, 1.9, 1.1, 1.1, 1.2)
    assert result.definition and len(result.definition.sections) == 3
    found = notices(result)
    assert [cell for cell, _ in found] == ["A5", "A7"]
    assert 'The section "1.10" already appears in cell A2' in found[0][1]


def test_sections_that_differ_only_by_signs_are_reported() -> None:
    result = read_sections("Zone +", "Zone -", "ZONE  +", code="General")
    assert [cell for cell, _ in notices(result)] == ["A3"]
    assert 'read as the section "Zone +" in cell A2' in notices(result)[0][1]


# --- struck out ----------------------------------------------------------------------------

STRUCK = Font(strike=True)


def struck(*refs: str) -> Callable[[Workbook], None]:
    def change(book: Workbook) -> None:
        for ref in refs:
            book["Checklist"][ref].font = STRUCK

    return change


THREE = [FOUR_HEADER, *(("A", name, "Text", None) for name in ("One", "Two", "Three"))]


@pytest.mark.parametrize("refs", [("B3",), ("A3", "B3", "C3", "D3")])
def test_a_struck_question_is_left_out_and_named(refs: tuple[str, ...]) -> None:
    result = read({"Checklist": THREE}, change=struck(*refs))
    assert result.definition
    assert [one.label.en for one in result.definition.all_fields()] == ["One", "Three"]
    [(cell, sentence)] = notices(result)
    assert (cell, '"Two"' in sentence) == ("B3", True)


def test_the_section_of_a_struck_question_applies_to_the_rows_below() -> None:
    rows = [FOUR_HEADER, ("A", "One", "Text"), ("B", "Two", "Text"), (None, "Three", "Text")]
    result = read({"Checklist": rows}, change=struck("B3"))
    assert result.definition
    assert [one.title.en for one in result.definition.sections] == ["A", "B"]


def rich(*parts: tuple[str, bool]) -> CellRichText:
    return CellRichText(
        [TextBlock(InlineFont(strike=is_struck), text) for text, is_struck in parts]
    )


def test_struck_runs() -> None:
    rows = [
        FOUR_HEADER,
        ("A", rich(("Check ", False), ("the old ", True), ("bar", False)), "Text", None),
        ("A", rich(("Gone ", True), ("too", True)), "Text", None),
        ("A", "Last", "Text", None),
    ]
    result = read({"Checklist": rows})
    assert result.definition
    assert [one.label.en for one in result.definition.all_fields()] == ["Check bar", "Last"]
    assert [(cell, sentence.partition(": ")[2]) for cell, sentence in notices(result)] == [
        ("B2", '"the old".'),
        ("B3", '"Gone too".'),
    ]


def test_a_run_with_its_own_font_is_not_struck_with_its_cell() -> None:
    """Excel writes a complete font for a run; a run without a font uses the cell's."""
    rows = [FOUR_HEADER, ("A", rich(("Keep", False)), "Text", None), ("A", "x", "Text", None)]
    result = read({"Checklist": rows}, change=struck("B2"))
    assert only_field(result).label.en == "Keep"


def test_a_struck_limit_is_left_out_and_named() -> None:
    result = read({"Checklist": [SPLIT, (*ROW, "V", 5, 9)]}, change=struck("E2"))
    limits = only_field(result).limits
    assert limits and (limits.min, limits.max) == (None, 9)
    assert [cell for cell, _ in notices(result)] == ["E2"]


def test_struck_rows_of_the_other_sheets() -> None:
    def change(book: Workbook) -> None:
        for name, ref in (("Info fields", "A2"), ("Signatures", "A2"), ("Header", "B2")):
            book[name][ref].font = STRUCK

    result = read(
        {
            "Checklist": [FOUR_HEADER, ("A", "q", "Text", None)],
            "Info fields": [("Label", "Type"), ("Old", "text"), ("New", "text")],
            "Signatures": [("Role", "Required"), ("Old", "yes"), ("New", "yes")],
            "Header": [("Code", "ABC"), ("Category", "Old")],
        },
        change=change,
    )
    assert result.definition
    assert [one.label.en for one in result.definition.info_fields] == ["New"]
    assert [one.label.en for one in result.definition.signature_roles] == ["New"]
    assert result.definition.header.category is None
    assert {(one.sheet, one.cell) for one in result.notices} == {
        ("Info fields", "A2"),
        ("Signatures", "A2"),
        ("Header", "B2"),
    }


def test_phonetic_hints_are_not_part_of_the_text() -> None:
    item = "<is><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></is>"

    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"<is><t>place</t></is>", item.encode()) if name == SHEET else part

    data = repacked(workbook({"S": [FOUR_HEADER, ("A", "place", "Text", None)]}), change)
    assert only_field(read_workbook(data, filename_stem="x")).label.en == "東京"


def test_characters_stored_by_number_are_decoded() -> None:
    rows = [FOUR_HEADER, ("A", "one_x000D_\ntwo _x0041_ _x005F_x0041_", "Text", None)]
    assert only_field(read({"S": rows})).label.en == "one two A _x0041_"


# --- both standards ------------------------------------------------------------------------


def strict(data: bytes) -> bytes:
    """The same workbook as Strict Open XML, which uses other namespaces."""

    def change(name: str, part: bytes) -> bytes:
        old = b"http://schemas.openxmlformats.org/"
        for known in (b"spreadsheetml/2006", b"officeDocument/2006", b"drawingml/2006"):
            new = b"http://purl.oclc.org/ooxml/" + known.partition(b"/")[0]
            part = part.replace(old + known, new)
        return part

    return repacked(data, change)


def test_strict_open_xml_is_read_alike() -> None:
    def change(book: Workbook) -> None:
        sheet: Worksheet = book["Checklist"]
        sheet["A2"].number_format = "0.00"
        sheet["B3"].font = STRUCK
        sheet.row_dimensions[4].hidden = True

    rows = [FOUR_HEADER, *((1.1, name, "Text", None) for name in ("One", "Two", "Three"))]
    data = workbook({"Checklist": rows}, change)
    other = strict(data)
    assert b"purl.oclc.org" in zipfile.ZipFile(io.BytesIO(other)).read("xl/workbook.xml")
    plain = read_workbook(data, filename_stem="x")
    assert plain.definition and len(plain.notices) == 2
    assert read_workbook(other, filename_stem="x") == plain


def test_dates_of_strict_open_xml() -> None:
    def change(name: str, part: bytes) -> bytes:
        cell = b'<c r="B2" s="1" t="d"><v>2026-11-30</v></c>'
        old = b'<c r="B2" s="1" t="n"><v>5</v></c>'
        assert name != SHEET or old in part
        return part.replace(old, cell)

    rows = [FOUR_HEADER, ("A", 5, "Text", None)]
    data = workbook({"Checklist": rows}, formatted(B2="dd/mm/yyyy"))
    result = read_workbook(strict(repacked(data, change)), filename_stem="x")
    assert only_field(result).label.en == "30/11/2026"
