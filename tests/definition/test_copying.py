"""Filled copies of workbooks, compared part by part; LibreOffice opens them where it is installed."""

from __future__ import annotations

import base64
import io
import shutil
import subprocess
import zipfile

import pytest
from openpyxl import load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image as SheetImage
from PIL import Image

from app.definition.copying import CellValue, Drawn, Wanted, copy_in_sandbox
from app.definition.copying.cells import NewCell, SheetPart, Unpatchable
from app.definition.copying.copy import fill_copy
from tests.support.client_workbooks import a_book, a_protocol

OFFICE = shutil.which("soffice")


def a_png(width: int = 60, height: int = 20) -> bytes:
    stream = io.BytesIO()
    Image.new("RGBA", (width, height), (0, 0, 160, 255)).save(stream, "PNG")
    return stream.getvalue()


def a_rich_book() -> bytes:
    """With what openpyxl can make: a picture, a chart, a comment, a list, a formula, formats."""

    def enrich(book):
        sheet = book["UPS"]
        sheet.add_image(SheetImage(io.BytesIO(a_png(40, 40))), "H1")
        chart = BarChart()
        chart.add_data(Reference(sheet, min_col=4, min_row=2, max_row=4))
        sheet.add_chart(chart, "J2")
        sheet["B2"].comment = Comment("Use the calibrated meter", "Client")
        sheet["D3"].number_format = "0.0%"
        sheet["F1"].number_format = "dd/mm/yyyy"

    rows = [
        ["No.", "Test", "Unit", "Reading", "Pass / Fail"],
        [1, "Input voltage", "V"],
        [2, "Ripple", "%"],
        [3, "Frequency", "Hz"],
        [None, "Passed", '=COUNTIF(E2:E4,"Pass")'],
    ]
    return a_book(
        {"UPS": rows, "Other": [["x"]]}, lists={"UPS": {"E2:E4": "Pass,Fail"}}, change=enrich
    )


def differences(before: bytes, after: bytes) -> tuple[set[str], set[str]]:
    """The parts that changed, and the parts that are new."""
    old, new = (zipfile.ZipFile(io.BytesIO(one)) for one in (before, after))
    assert old.namelist() == new.namelist()[: len(old.namelist())]
    changed = {name for name in old.namelist() if old.read(name) != new.read(name)}
    return changed, set(new.namelist()) - set(old.namelist())


VALUES = (
    CellValue(sheet="UPS", cell="D2", kind="number", value="480.5", unit="V"),
    CellValue(sheet="UPS", cell="D3", kind="number", value="0.4", unit="%"),
    CellValue(sheet="UPS", cell="E2", value="Pass"),
    CellValue(sheet="UPS", cell="F1", kind="date", value="2026-11-30", shown="30/11/2026"),
    CellValue(sheet="UPS", cell="G2", kind="date", value="2026-11-30", shown="30/11/2026"),
    CellValue(sheet="UPS", cell="B9", value="Ω & <João>\n=1+1"),
)


def test_only_the_filled_sheet_changes():
    before = a_rich_book()
    after = fill_copy(before, Wanted(cells=VALUES))
    changed, new = differences(before, after)
    assert new == set()
    assert changed <= {"xl/worksheets/sheet1.xml", "xl/workbook.xml"}
    sheet = load_workbook(io.BytesIO(after))["UPS"]
    assert sheet["D2"].value == 480.5
    assert sheet["D3"].value == 0.004  # shown as 0.4%
    assert sheet["F1"].value.date().isoformat() == "2026-11-30"
    assert sheet["G2"].value == "30/11/2026"
    assert sheet["B9"].value == "Ω & <João>\n=1+1" and sheet["B9"].data_type in ("s", "inlineStr")
    assert sheet["C5"].value == '=COUNTIF(E2:E4,"Pass")'


def test_a_value_that_looks_like_a_formula_stays_a_text():
    for text in ("=1+1", "+1", "@SUM(A1)", "-2", "\t=1"):
        value = CellValue(sheet="UPS", cell="E3", value=text)
        sheet = load_workbook(io.BytesIO(fill_copy(a_rich_book(), Wanted(cells=(value,)))))["UPS"]
        assert sheet["E3"].data_type != "f"


def test_every_other_cell_of_the_sheet_keeps_its_bytes():
    before = a_protocol()
    value = CellValue(sheet="PROTOCOLO", cell="D15", kind="number", value="2.5")
    after = fill_copy(before, Wanted(cells=(value,)))
    old, new = (
        zipfile.ZipFile(io.BytesIO(one)).read("xl/worksheets/sheet1.xml") for one in (before, after)
    )
    start = next(n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
    rest = next(n for n, (a, b) in enumerate(zip(old[::-1], new[::-1], strict=False)) if a != b)
    assert b"2.5" in new[start - 30 : len(new) - rest + 10]
    assert len(new) - rest - start < 60


def test_a_drawing_goes_into_the_sheets_own_drawing():
    before = a_rich_book()
    drawn = Drawn(sheet="UPS", cell="B7", png=base64.b64encode(a_png()).decode())
    after = fill_copy(before, Wanted(drawings=(drawn,)))
    changed, new = differences(before, after)
    assert new == {"xl/media/laudo1.png"}
    assert "xl/drawings/drawing1.xml" in changed
    sheet = load_workbook(io.BytesIO(after))["UPS"]
    assert len(sheet._images) == 2 and len(sheet._charts) == 1


def test_a_drawing_on_a_sheet_without_one():
    before = a_protocol()
    drawn = Drawn(sheet="PROTOCOLO", cell="B24", png=base64.b64encode(a_png()).decode())
    both = Wanted(drawings=(drawn, drawn.model_copy(update={"cell": "D24"})))
    after = fill_copy(before, both)
    changed, _new = differences(before, after)
    assert changed == {"xl/worksheets/sheet1.xml", "[Content_Types].xml"}
    images = load_workbook(io.BytesIO(after))["PROTOCOLO"]._images
    assert [(one.anchor._from.row, one.anchor._from.col) for one in images] == [(23, 1), (23, 3)]


@pytest.mark.parametrize(
    "part",
    [
        b'<worksheet xmlns="m"><sheetData/></worksheet>',
        b'<worksheet xmlns="m"><sheetData></sheetData></worksheet>',
        b'<worksheet xmlns="m"><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>',
        b'<x:worksheet xmlns:x="m"><x:sheetData><x:row r="2"/><x:row r="9"><x:c r="D9" s="3"/>'
        b"</x:row></x:sheetData></x:worksheet>",
    ],
)
def test_sheets_as_other_programs_write_them(part):
    made = SheetPart(part).fill({(2, 3): NewCell("7", True), (9, 4): NewCell("é")})
    assert made.count(b'r="C2"') == 1 and made.count(b'r="D9"') == 1 and b"&#233;" in made


def test_a_part_that_cannot_be_patched_is_refused():
    for part in (b"<html/>", b"<worksheet><!-- <row> --><sheetData/></worksheet>", b"<worksheet/>"):
        with pytest.raises(Unpatchable):
            SheetPart(part).fill({(1, 1): NewCell("x")})


def test_the_child_makes_the_same_copy():
    wanted = Wanted(cells=VALUES)
    made = copy_in_sandbox(a_rich_book(), wanted)
    values = load_workbook(io.BytesIO(made))["UPS"]
    assert values["E2"].value == "Pass"


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_the_copy(tmp_path):
    drawn = Drawn(sheet="UPS", cell="B7", png=base64.b64encode(a_png()).decode())
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(fill_copy(a_rich_book(), Wanted(cells=VALUES, drawings=(drawn,))))
    command = [str(OFFICE), f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += ["--convert-to", "csv", "--outdir", str(tmp_path), str(copy)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    text = (tmp_path / "copy.csv").read_text(errors="replace")
    assert "480.5" in text and "0.4%" in text and "Pass" in text
