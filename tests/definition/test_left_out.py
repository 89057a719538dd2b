"""Every omission is reported: cells that are hidden, merged, commented or unnamed, and drawings."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image as Pixels

from app.definition.workbook import WorkbookReading, read_workbook
from app.definition.workbook.sheet import Book, open_book
from tests.definition.builders import FOUR_HEADER, SHEET, problems_of, read, repacked, workbook

NAMES = ("One", "Two", "Three", "Four")
ROWS = [FOUR_HEADER, *(("A", name, "Text", None) for name in NAMES)]


def on_sheet(act: Callable[[Worksheet], object]) -> Callable[[Workbook], object]:
    return lambda book: act(book["Checklist"])


def labels(result: WorkbookReading) -> list[str | None]:
    assert result.definition, result.problems
    return [field.label.en for field in result.definition.all_fields()]


def notices(result: WorkbookReading) -> list[tuple[str, str]]:
    return [(notice.cell, str(notice.sentence)) for notice in result.notices]


# --- hidden --------------------------------------------------------------------------------


def hide_row(sheet: Worksheet) -> None:
    sheet.row_dimensions[3].hidden = True


def filter_row(sheet: Worksheet) -> None:
    sheet.auto_filter.ref = "A1:D5"
    sheet.auto_filter.add_filter_column(1, ["One", "Three", "Four"])
    sheet.row_dimensions[3].hidden = True


def collapse_group(sheet: Worksheet) -> None:
    sheet.row_dimensions.group(3, 3, outline_level=1, hidden=True)


@pytest.mark.parametrize("act", [hide_row, filter_row, collapse_group])
def test_an_invisible_row_is_left_out_and_quoted(act: Callable[[Worksheet], object]) -> None:
    result = read({"Checklist": ROWS}, change=on_sheet(act))
    assert labels(result) == ["One", "Three", "Four"]
    [(cell, sentence)] = notices(result)
    assert cell == "A3" and "Row 3 is hidden" in sentence and '"A · Two · Text"' in sentence


def test_a_row_without_height_is_hidden() -> None:
    def change(name: str, part: bytes) -> bytes:
        return part.replace(b'<row r="3"', b'<row ht="0" r="3"') if name == SHEET else part

    result = read_workbook(repacked(workbook({"S": ROWS}), change), filename_stem="x")
    assert labels(result) == ["One", "Three", "Four"]
    assert [cell for cell, _ in notices(result)] == ["A3"]


def test_many_hidden_rows_are_named_by_their_numbers() -> None:
    rows = [FOUR_HEADER, *(("A", f"q{n}", "Text", None) for n in range(2, 41))]

    def hide(sheet: Worksheet) -> None:
        for row in (3, *range(5, 30), 33):
            sheet.row_dimensions[row].hidden = True

    found = notices(read({"Checklist": rows}, change=on_sheet(hide)))
    assert len(found) == 11
    assert "skipped: 14–29, 33." in found[-1][1]


def test_a_hidden_column_is_left_out_and_named() -> None:
    header = ("Section", "Question", "Type", "Required")
    rows = [header, ("A", "One", "text", "no")]

    def hide(sheet: Worksheet) -> None:
        sheet.column_dimensions["D"].hidden = True

    result = read({"Checklist": rows}, change=on_sheet(hide))
    assert result.definition and next(iter(result.definition.all_fields())).required
    assert [("D (Required)" in sentence) for _, sentence in notices(result)] == [True]


def test_hidden_content_is_reported_with_the_problem_it_causes() -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.column_dimensions["A"].hidden = True

    result = read({"Checklist": ROWS}, change=on_sheet(hide))
    assert ["Section" in words for _, words in problems_of(result)] == [True]
    assert ["A (Section)" in words for _, words in notices(result)] == [True]


def test_a_sheet_of_hidden_rows_only() -> None:
    def hide(sheet: Worksheet) -> None:
        for row in range(1, 6):
            sheet.row_dimensions[row].hidden = True

    result = read({"Checklist": ROWS}, change=on_sheet(hide))
    assert "no visible sheet" in problems_of(result)[0][1]
    assert len(notices(result)) == 5


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_named(state: str) -> None:
    def hide(book: Workbook) -> None:
        book["Lists"].sheet_state = state

    result = read({"Checklist": ROWS, "Lists": [("x",)]}, change=hide)
    assert len(labels(result)) == 4
    [(cell, sentence)] = notices(result)
    assert cell == "" and "Lists" in sentence


def test_a_merged_cell_shows_its_words_below_a_hidden_row() -> None:
    def act(sheet: Worksheet) -> None:
        sheet.merge_cells("A2:A3")
        sheet.row_dimensions[2].hidden = True

    result = read({"Checklist": ROWS}, change=on_sheet(act))
    assert labels(result) == ["Two", "Three", "Four"]
    assert result.definition and result.definition.sections[0].title.en == "A"


def test_a_section_in_a_hidden_row_is_a_problem() -> None:
    rows = [
        FOUR_HEADER,
        ("A", "One", "Text"),
        ("B", "Two", "Text"),
        (None, "Three", "Text"),
        (None, "Four", "Text"),
        ("C", "Five", "Text"),
    ]
    found = problems_of(read({"Checklist": rows}, change=on_sheet(hide_row)))
    assert [cell for cell, _ in found] == ["A4", "A5"]
    assert "in row 3, which is hidden" in found[0][1]


# --- merged --------------------------------------------------------------------------------


def test_text_beneath_a_merged_cell_is_ignored_and_reported() -> None:
    def change(name: str, part: bytes) -> bytes:
        more = b'<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'
        return part.replace(b"</sheetData>", b"</sheetData>" + more) if name == SHEET else part

    rows = [FOUR_HEADER, ("A", "One", "Text"), ("Old", "Two", "Text")]
    result = read_workbook(repacked(workbook({"S": rows}), change), filename_stem="x")
    assert result.definition and len(result.definition.sections) == 1
    [(cell, sentence)] = notices(result)
    assert (cell, '"Old" in A3' in sentence) == ("A2", True)


# --- headers of two rows -------------------------------------------------------------------


def test_a_header_merged_over_two_rows() -> None:
    rows = [
        ("Section", "Check", None, "Acceptance", None, "Result", None),
        (None, "Question", "Type", "Min", "Max", "Photos", "Comment required"),
        ("Panel", "Voltage L1-N", "number", 220, 240, "min 1", None),
        ("Panel", "Door closed", "verdict"),
    ]

    def act(sheet: Worksheet) -> None:
        for merged in ("A1:A2", "B1:C1", "D1:E1", "F1:G1"):
            sheet.merge_cells(merged)

    result = read({"Checklist": rows}, change=on_sheet(act))
    assert labels(result) == ["Voltage L1-N", "Door closed"]
    assert result.definition
    limits = result.definition.sections[0].fields[0].limits
    assert limits and (limits.min, limits.max) == (220, 240)
    assert notices(result) == []


@pytest.mark.parametrize(
    ("top", "merges"),
    [
        (("Section", "Question", None, "Type", "Limits", None), ("A1:A2", "B1:C1", "D1:D2")),
        (("Section", "Question", "Question", "Type", "Limits", "Limits"), ()),
    ],
)
def test_a_header_name_split_over_two_rows(
    top: tuple[str | None, ...], merges: tuple[str, ...]
) -> None:
    rows = [top, (None, "EN", "PT", None, "Min", "Max"), ("A", "Volts", "Tensão", "number", 1, 2)]

    def act(sheet: Worksheet) -> None:
        for merged in merges:
            sheet.merge_cells(merged)

    result = read({"Checklist": rows}, change=on_sheet(act))
    assert result.definition, result.problems
    field = next(iter(result.definition.all_fields()))
    assert (field.label.en, field.label.pt) == ("Volts", "Tensão")
    assert field.limits and (field.limits.min, field.limits.max) == (1, 2)


def test_a_header_merged_over_two_rows_throughout() -> None:
    rows = [FOUR_HEADER, (), *ROWS[1:]]

    def act(sheet: Worksheet) -> None:
        for column in "ABCD":
            sheet.merge_cells(f"{column}1:{column}2")

    assert labels(read({"Checklist": rows}, change=on_sheet(act))) == list(NAMES)


# --- besides the cells ---------------------------------------------------------------------


def picture() -> Image:
    stream = io.BytesIO()
    Pixels.new("RGB", (4, 4)).save(stream, "png")
    stream.seek(0)
    return Image(stream)


def test_pictures_charts_and_comments_are_counted_with_their_cells() -> None:
    def act(sheet: Worksheet) -> None:
        sheet.add_image(picture(), "E3")
        sheet.add_image(picture(), "E5")
        chart = BarChart()
        chart.add_data(Reference(sheet, min_col=4, min_row=2, max_row=4))
        sheet.add_chart(chart, "H2")
        sheet["B2"].comment = Comment("Use the calibrated one", "Ana")

    result = read({"Checklist": ROWS}, change=on_sheet(act))
    found = dict(notices(result))
    assert "Pictures are not imported: 2, at E3, E5." in found["E3"]
    assert "Charts are not imported: 1, at H2." in found["H2"]
    assert "Comments on cells are not imported: 1, at B2." in found["B2"]


DRAWING = """<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
 xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">
<xdr:twoCellAnchor><xdr:from><xdr:col>1</xdr:col><xdr:row>3</xdr:row></xdr:from>
<xdr:sp><xdr:txBody/></xdr:sp></xdr:twoCellAnchor>
<mc:AlternateContent><mc:Choice><xdr:twoCellAnchor><xdr:from><xdr:col>2</xdr:col>
<xdr:row>4</xdr:row></xdr:from><xdr:sp/></xdr:twoCellAnchor></mc:Choice>
<mc:Fallback><xdr:twoCellAnchor><xdr:sp/></xdr:twoCellAnchor></mc:Fallback></mc:AlternateContent>
<xdr:twoCellAnchor><xdr:from><xdr:col>3</xdr:col><xdr:row>5</xdr:row></xdr:from>
<xdr:grpSp><xdr:sp/><xdr:pic/></xdr:grpSp></xdr:twoCellAnchor></xdr:wsDr>"""
CONTROL = b"""<xml><v:shape><x:ClientData ObjectType="Note"><x:Anchor>1, 0, 1, 0, 2</x:Anchor>
</x:ClientData></v:shape><v:shape><x:ClientData ObjectType="Checkbox"><x:Anchor>
 3, 15, 6, 2, 5, 0, 8, 1</x:Anchor></x:ClientData></v:shape></xml>"""


def with_parts(data: bytes, more: dict[str, bytes], links: dict[str, str]) -> bytes:
    """The workbook with extra parts, linked from its sheet or, by kind, from the workbook."""
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    written = "".join(
        f'<Relationship Id="more{n}" Type="{kinds}{kind}" Target="{target}"/>'
        for n, (target, kind) in enumerate(links.items())
    ).encode()
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        for name, part in more.items():
            archive.writestr(name, part)
    name = "xl/_rels/workbook.xml.rels"
    if any(kind in ("drawing", "vmlDrawing") for kind in links.values()):
        name = "xl/worksheets/_rels/sheet1.xml.rels"
        with zipfile.ZipFile(stream, "a") as archive:
            archive.writestr(name, b"<Relationships>" + written + b"</Relationships>")
        return stream.getvalue()
    end = b"</Relationships>"
    return repacked(
        stream.getvalue(),
        lambda one, part: part.replace(end, written + end) if one == name else part,
    )


def test_shapes_and_controls_are_counted() -> None:
    data = with_parts(
        workbook({"S": ROWS}),
        {"xl/drawings/drawing1.xml": DRAWING.encode(), "xl/drawings/vml.vml": CONTROL},
        {"../drawings/drawing1.xml": "drawing", "/xl/drawings/vml.vml": "vmlDrawing"},
    )
    assert [sentence for _, sentence in notices(read_workbook(data, filename_stem="x"))] == [
        "Drawn shapes and text boxes are not imported: 2, at B4, C5.",
        "Pictures are not imported: 1, at D6. Describe their content in the question.",
        "Buttons and tick boxes are not imported: 1, at D7.",
    ]


METADATA = b"""<metadata><futureMetadata name="XLRICHVALUE" count="2"><bk><extLst><ext>
<xlrd:rvb xmlns:xlrd="x" i="0"/></ext></extLst></bk><bk><extLst><ext><xlrd:rvb xmlns:xlrd="x" i="1"/>
</ext></extLst></bk></futureMetadata><valueMetadata count="2"><bk><rc t="1" v="0"/></bk>
<bk><rc t="1" v="1"/></bk></valueMetadata></metadata>"""
RICH = {
    "xl/metadata.xml": METADATA,
    "xl/richData/rdrichvalue.xml": b'<rvData><rv s="0"><v>0</v></rv><rv s="1"><v>8</v></rv></rvData>',
    "xl/richData/rdrichvaluestructure.xml": b'<rvStructures><s t="_localImage"/><s t="_error"/></rvStructures>',
}
RICH_LINKS = {
    "metadata.xml": "sheetMetadata",
    "richData/rdrichvalue.xml": "rdRichValue",
    "richData/rdrichvaluestructure.xml": "rdRichValueStructure",
}


@pytest.mark.parametrize("number", [1, 2])
def test_a_picture_in_a_cell_is_a_picture_and_an_error_of_a_new_kind_an_error(number: int) -> None:
    cell = f'<c r="D3" t="e" vm="{number}"><v>#VALUE!</v></c>'.encode()

    def change(name: str, part: bytes) -> bytes:
        assert name != SHEET or b'</row><row r="4"' in part
        return part.replace(b'</row><row r="4"', cell + b'</row><row r="4"')

    data = repacked(with_parts(workbook({"S": ROWS}), RICH, RICH_LINKS), change)
    result = read_workbook(data, filename_stem="x")
    if number == 1:
        [(ref, sentence)] = notices(result)
        assert ref == "D3" and "Pictures are not imported: 1, at D3." in sentence
    else:
        assert [ref for ref, _ in problems_of(result)] == ["D3"]


def offering(ref: str) -> Callable[[Worksheet], object]:
    def act(sheet: Worksheet) -> None:
        rule = DataValidation(type="list", formula1='"Pass,Fail"')
        rule.add(ref)
        sheet.add_data_validation(rule)

    return act


@pytest.mark.parametrize(("ref", "cells"), [("C2:C9", []), ("D2:D9", ["D2"]), ("E1:E99", ["E2"])])
def test_lists_of_answers_that_are_not_read_are_reported(ref: str, cells: list[str]) -> None:
    result = read({"Checklist": ROWS}, change=on_sheet(offering(ref)))
    assert [cell for cell, _ in notices(result)] == cells


def test_text_outside_the_named_columns_is_reported_once_per_column() -> None:
    rows = [FOUR_HEADER, ("A", "One", "Text", None, "loose"), ("A", "Two", "Text", None, "more")]
    [(cell, sentence)] = notices(read({"Checklist": rows}))
    assert (cell, '"loose"' in sentence) == ("E2", True)


def test_text_right_of_the_last_column_read_is_reported() -> None:
    rows = [FOUR_HEADER, ("A", "One", "Text", *[None] * 48, "far")]
    [(cell, sentence)] = notices(read({"Checklist": rows}))
    assert (cell, "right of column AX" in sentence) == ("AZ2", True)


def test_a_sheet_that_is_not_read_is_named() -> None:
    sheets = {"Checklist": ROWS, "Legend": [("P = pass",)], "Instructions": [("Read me",)]}
    result = read(sheets)
    assert [(notice.sheet, notice.cell) for notice in result.notices] == [("Legend", "A1")]


def test_a_sheet_that_is_a_chart_is_named() -> None:
    def add(book: Workbook) -> None:
        chart = BarChart()
        chart.add_data(Reference(book["Checklist"], min_col=4, min_row=2, max_row=4))
        book.create_chartsheet("Trend").add_chart(chart)

    result = read({"Checklist": ROWS}, change=add)
    assert len(labels(result)) == 4
    assert [notice.sheet for notice in result.notices] == ["Trend"]


# --- forms of other programs ---------------------------------------------------------------


@pytest.mark.parametrize("label", ["label", "label::English (en)", "label:pt"])
def test_an_xlsform_gives_one_message(label: str) -> None:
    survey = [
        ("type", "name", label, "required"),
        ("begin_group", "g1", "Panel", None),
        ("select_one yn", "door", "Door closed?", "yes"),
        ("end_group", None, None, None),
    ]
    choices = [("list_name", "name", label), ("yn", "y", "Yes")]
    [(cell, sentence)] = problems_of(read({"survey": survey, "choices": choices}))
    assert cell == "" and sentence.startswith("This is an XLSForm")


def test_a_checklist_may_be_called_survey() -> None:
    assert len(labels(read({"Survey": ROWS}))) == 4


def test_a_merged_range_over_a_whole_sheet_is_read() -> None:
    more = b'<mergeCells><mergeCell ref="H1:XFD1048576"/></mergeCells>'

    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"</sheetData>", b"</sheetData>" + more) if name == SHEET else part

    data = repacked(workbook({"S": ROWS}), change)
    assert len(labels(read_workbook(data, filename_stem="x"))) == 4


def test_the_book_knows_its_sheets() -> None:
    book: Book = open_book(workbook({"A": ROWS, "B": []}))
    assert [sheet.name for sheet in book.sheets] == ["A", "B"]
