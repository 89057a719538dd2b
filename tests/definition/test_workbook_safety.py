"""Files that are not workbooks, or are built to do harm, are rejected quickly with one message."""

from __future__ import annotations

import io
import random
import re
import time
import zipfile
from collections.abc import Callable

import defusedxml.ElementTree
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.definition.workbook import package, read_workbook, sample_workbook
from tests.definition.builders import GOOD, SHEET, repacked, rows_of_cells, with_more


def only_sentence(data: bytes) -> str:
    start = time.process_time()
    result = read_workbook(data, filename_stem="x")
    assert time.process_time() - start < 2
    assert result.definition is None
    [problem] = result.problems
    return str(problem.sentence)


def zipped(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return stream.getvalue()


def with_sheet(change: Callable[[bytes], bytes]) -> bytes:
    return repacked(GOOD, lambda name, part: change(part) if name == SHEET else part)


def test_defusedxml_is_active() -> None:
    assert package.ElementTree is defusedxml.ElementTree


def of_type(old: str, new: str) -> bytes:
    """A good workbook that declares another type."""

    def change(name: str, part: bytes) -> bytes:
        if name != "[Content_Types].xml":
            return part
        assert old.encode() in part
        return part.replace(old.encode(), new.encode())

    return repacked(GOOD, change)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02", "not an Excel workbook"),
        (b"Section;Question;Type\n", "(.csv)"),
        ("Section\tQuestion\n".encode("utf-16"), "(.csv)"),
        (b"%PDF-1.7", "PDF file, not a workbook"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"{\\rtf1 x}", "RTF"),
        (b'{"url": "https://docs.google.com/open?id=x", "doc_id": "x"}', "Google Sheets file"),
        (b"[InternetShortcut]\nURL=https://docs.google.com/spreadsheets/d/x", "Google Sheets file"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "XML file"),
        (b"<html><table><tr><td>Section</td></tr></table></html>", "HTML file"),
        (b"ID;PWXL;N;E\n", "SYLK"),
        (b'{"a": 1}', "JSON"),
        (b"\x1f\x8b\x08", "compressed file (.gz)"),
        (OLE + bytes(600), "old Excel file"),
        (b"\x09\x08\x10\x00", "old Excel file"),
        (OLE + "WordDocument".encode("utf-16-le"), "Word (.doc)"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"PK\x03\x04 broken", "damaged"),
        (GOOD[: len(GOOD) // 2], "damaged"),
        (zipped({"a.txt": b"hello"}), "not an Excel workbook"),
        (zipped({"a/b.xlsx": b"hello"}), "compressed file (.zip)"),
        (zipped({"mimetype": b"", "content.xml": b"<x/>"}), "OpenDocument (.ods)"),
        (zipped({"mimetype": b"application/vnd.oasis.opendocument.text"}), "(.odt) file, not"),
        (zipped({"[Content_Types].xml": b"", "word/document.xml": b""}), "Word (.docx)"),
        (zipped({"[Content_Types].xml": b"", "ppt/presentation.xml": b""}), "PowerPoint"),
        (zipped({"[Content_Types].xml": b"", "xl/workbook.bin": b""}), ".xlsb"),
        (zipped({"[Content_Types].xml": b"", "xl/vbaProject.bin": b""}), "macros"),
        (zipped({"Index/Document.iwa": b"", "Metadata/x.plist": b""}), "Apple Numbers"),
        (of_type("spreadsheetml.sheet.main", "ms-excel.sheet.macroEnabled.main"), "macros"),
        (of_type("spreadsheetml.sheet.main", "spreadsheetml.template.main"), "template (.xltx)"),
        (
            of_type("spreadsheetml.sheet.main", "ms-excel.template.macroEnabled.main"),
            "template (.xltm)",
        ),
        (zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}), "damaged"),
        (bytes(10 * 1024 * 1024 + 1), "larger than 10 MB"),
        (zipped({f"{n}.xml": b"" for n in range(1_001)}), "more than 1,000 parts"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_files(data: bytes, expected: str) -> None:
    assert expected in only_sentence(data)


def test_zip_bombs() -> None:
    for parts in (
        {"xl/a.xml": bytes(60 * 1024 * 1024)},
        {f"xl/{n}.bin": bytes(9 * 1024 * 1024) for n in range(6)},
        {"xl/media/a.png": bytes(5 * 1024 * 1024)},
    ):
        assert "50 MB in total, 8 MB per sheet" in only_sentence(zipped(parts))


def test_a_file_whose_parts_unpack_to_too_much_is_rejected() -> None:
    """Each part is small and compresses like a picture: only the sum of the parts is too large."""
    noise = random.Random(1).randbytes(150_000)
    parts = {f"xl/media/{n}.bin": noise + bytes(9 << 20) for n in range(6)}
    assert "50 MB in total, 8 MB per sheet" in only_sentence(with_parts(parts))
    assert read_workbook(with_parts(dict(list(parts.items())[:5])), filename_stem="x").definition


def with_parts(parts: dict[str, bytes]) -> bytes:
    """A good workbook with these additional parts."""
    stream = io.BytesIO(GOOD)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return stream.getvalue()


def test_a_part_that_lies_about_its_size() -> None:
    data = bytearray(zipped({"[Content_Types].xml": b"a" * 3_000_000, "xl/workbook.xml": b""}))
    size = (3_000_000).to_bytes(4, "little")
    while size in data:
        data[data.index(size) : data.index(size) + 4] = (100).to_bytes(4, "little")
    assert "damaged" in only_sentence(bytes(data))


@pytest.mark.parametrize("name", ["xl/worksheets/sheet1.dat", "xl/worksheets/sheet1"])
def test_a_part_that_was_not_scanned_is_not_opened(name: str) -> None:
    """Whatever name the workbook gives its sheet: the guard has not counted that part."""
    links = "xl/_rels/workbook.xml.rels"
    old = SHEET.removeprefix("xl/").encode(), name.removeprefix("xl/").encode()
    data = repacked(GOOD, lambda one, part: part.replace(*old) if one == links else part)
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        parts = {one: archive.read(one) for one in archive.namelist() if one != SHEET}
        sheet = archive.read(SHEET)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts[links] = archive.read(links)
    assert name.encode() in parts[links] or name.removeprefix("xl/").encode() in parts[links]
    assert "damaged" in only_sentence(zipped({**parts, name: sheet}))


ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol">%s]><x/>'
BILLION = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 9))


@pytest.mark.parametrize(
    "part",
    [
        ENTITY % BILLION,
        ENTITY % b'<!ENTITY e SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>',
        (ENTITY % b"").decode().encode("utf-16"),
    ],
)
@pytest.mark.parametrize("name", [SHEET, "xl/workbook.xml", "[Content_Types].xml", "xl/styles.xml"])
def test_entities(name: str, part: bytes) -> None:
    data = repacked(GOOD, lambda one, old: part if one == name else old)
    assert "XML declarations" in only_sentence(data)


def test_a_row_of_a_million_cells() -> None:
    row = b"<row>" + b"".join(b'<c t="n"><v>%d</v></c>' % n for n in range(300_000)) + b"</row>"
    assert "50 MB in total, 8 MB per sheet" in only_sentence(
        with_sheet(lambda old: old.replace(b"<row", row + b"<row", 1))
    )


WORKBOOK, STYLES, SHARED = "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml"


def many_sheets(count: int, rows: int) -> bytes:
    """A workbook of `count` sheets, each with `rows` rows of 50 cells."""
    book = openpyxl.Workbook(write_only=True)
    for number in range(count):
        sheet = book.create_sheet(f"S{number}")
        for row in range(rows):
            sheet.append([number * row * column for column in range(50)])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def declared(data: bytes, encoding: str, written: str) -> bytes:
    """A good workbook whose sheet has an encoding that Excel never writes."""
    head = f'<?xml version="1.0" encoding="{encoding}"?>'.encode("ascii")
    if written.startswith("utf-16"):
        head = head.decode().encode(written)

    def change(name: str, part: bytes) -> bytes:
        return head + part.decode().encode(written) if name == SHEET else part

    return repacked(data, change)


CELLS, EXTRAS = "more than 100,000 cells", "more than 20,000 formats"
NAMESPACED = b'<x:sheetData xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
BEYOND = {
    "30 sheets": lambda: (many_sheets(30, 100), CELLS),
    "101 sheets": lambda: (many_sheets(101, 1), "more than 100 sheets"),
    "cells of a sheet": lambda: (with_more(SHEET, b"</sheetData>", rows_of_cells(2_001)), CELLS),
    "cells with a prefix": lambda: (
        with_more(SHEET, b"<sheetData>", [NAMESPACED, *rows_of_cells(2_001, prefix=b"x:")]),
        CELLS,
    ),
    "empty cells": lambda: (
        with_more(SHEET, b"</sheetData>", (b'<row><c r="A%d"/></row>' % n for n in range(100_000))),
        CELLS,
    ),
    "shared texts": lambda: (
        with_parts({SHARED: b"".join(b"<si><t>%d</t></si>" % (n * 7919) for n in range(100_001))}),
        CELLS,
    ),
    "runs of a shared text": lambda: (
        with_parts({SHARED: b"".join(b"<r><t>%d</t></r>" % (n * 7919) for n in range(20_001))}),
        EXTRAS,
    ),
    "merged cells": lambda: (
        with_more(
            SHEET,
            b"<pageMargins",
            (b'<mergeCell ref="A%d:B%d"/>' % (n * 7, n * 7 + 1) for n in range(20_001)),
        ),
        EXTRAS,
    ),
    "defined names": lambda: (
        with_more(
            WORKBOOK,
            b"<definedNames",
            (b'<definedName name="n%d">S!$A$1</definedName>' % n for n in range(20_001)),
        ),
        EXTRAS,
    ),
    "formats": lambda: (
        with_more(
            STYLES, b"</cellXfs>", (b'<xf numFmtId="%d"/>' % (n * 7919) for n in range(20_001))
        ),
        EXTRAS,
    ),
}


@pytest.mark.parametrize("kind", BEYOND)
def test_expensive_elements_are_counted_first(kind: str) -> None:
    data, expected = BEYOND[kind]()
    assert expected in only_sentence(data)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "cp037"])
def test_encodings_that_the_counts_cannot_read_are_rejected(encoding: str) -> None:
    assert "XML declarations" in only_sentence(
        declared(GOOD, encoding.removesuffix("-le"), encoding)
    )


def test_a_full_sheet_is_read() -> None:
    """Without declared dimensions, which spare openpyxl a second pass."""
    rows = [*rows_of_cells(998)]
    data = with_more(SHEET, b"</sheetData>", rows)
    data = repacked(data, lambda name, part: re.sub(rb"<dimension[^>]*>", b"", part))
    assert read_workbook(data, filename_stem="x").problems[0].sheet == "S"


def test_merged_ranges_that_overlap_cost_nothing() -> None:
    more = b"".join(b'<mergeCell ref="A1:A%d"/>' % (1_000 + n) for n in range(9_000))
    data = with_sheet(
        lambda old: old.replace(
            b"</sheetData>", b"</sheetData><mergeCells>" + more + b"</mergeCells>"
        )
    )
    assert "damaged" in only_sentence(data)


@pytest.mark.parametrize("tag", [b"<mergeCell ", b"<c ", b'<c r="A1"><f '])
def test_tags_that_never_close_cost_nothing(tag: bytes) -> None:
    """Inside a comment they do no damage."""
    noise = b"<!--" + b"".join(tag + b"%x " % (n * 7919) for n in range(19_000)) + b"-->"
    data = with_sheet(lambda old: old.replace(b"</sheetData>", b"</sheetData>" + noise))
    start = time.process_time()
    assert read_workbook(data, filename_stem="x").definition
    assert time.process_time() - start < 2


def test_rows_far_down_and_wrong_dimensions_cost_nothing() -> None:
    far = b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>far</t></is></c></row>'
    data = with_sheet(
        lambda old: old.replace(b"</sheetData>", far + b"</sheetData>").replace(
            b'<dimension ref="A1:D2"', b'<dimension ref="A1"'
        )
    )
    start = time.process_time()
    result = read_workbook(data, filename_stem="x")
    assert time.process_time() - start < 2
    assert result.definition
    assert [notice.cell for notice in result.notices] == ["A1048576"]


def test_an_empty_text_is_a_result_but_an_unsaved_formula_is_not() -> None:
    def options(result: bytes) -> bytes:
        cell = b'<c r="D2"%s><f>IF(A2="","",A2)</f>%s</c>' % (
            b' t="str"' if result else b"",
            result,
        )
        return with_sheet(
            lambda old: old.replace(b'<c r="D2"/>', b"").replace(
                b"</row></sheetData>", cell + b"</row></sheetData>"
            )
        )

    assert read_workbook(options(b"<v></v>"), filename_stem="x").definition
    result = read_workbook(options(b""), filename_stem="x")
    assert [problem.cell for problem in result.problems] == ["D2"]


def with_shared_strings(data: bytes) -> bytes:
    """The same workbook as Excel stores it, with its texts in a separate part."""
    words: list[bytes] = []

    def share(match: re.Match[bytes]) -> bytes:
        words.append(match["text"])
        return b'<c r="%s" t="s"><v>%d</v></c>' % (match["ref"], len(words) - 1)

    def change(name: str, part: bytes) -> bytes:
        if name == SHEET:
            inline = rb'<c r="(?P<ref>\w+)" t="inlineStr"><is><t>(?P<text>[^<]*)</t></is></c>'
            return re.sub(inline, share, part)
        if name == "[Content_Types].xml":
            kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
            override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/>' % kind
            return part.replace(b"</Types>", override + b"</Types>")
        return part

    shared = repacked(data, change)
    stream = io.BytesIO(shared)
    items = b"".join(b"<si><r><t>%s</t></r><r><t/></r></si>" % word for word in words)
    namespace = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", b'<sst xmlns="%s">%s</sst>' % (namespace, items))
    assert words
    return stream.getvalue()


def test_words_may_be_shared_or_inline() -> None:
    shared = read_workbook(with_shared_strings(GOOD), filename_stem="x")
    assert shared.definition == read_workbook(GOOD, filename_stem="x").definition
    assert shared.definition


@given(st.binary(max_size=300))
def test_random_bytes_never_raise(data: bytes) -> None:
    for start in (b"", b"PK\x03\x04", OLE):
        assert read_workbook(start + data, filename_stem="x").problems


SAMPLE = sample_workbook()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutated_zips_never_raise(data: st.DataObject) -> None:
    changed = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 20))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    result = read_workbook(bytes(changed), filename_stem="x")
    assert result.definition or result.problems


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutated_parts_never_raise(data: st.DataObject) -> None:
    names = zipfile.ZipFile(io.BytesIO(SAMPLE)).namelist()
    target = data.draw(st.sampled_from(names))
    noise = data.draw(st.sampled_from([b"<", b'"', b"\x00", b"9999999999", b"-1", b"A0", b"&"]))

    def change(name: str, part: bytes) -> bytes:
        if name != target:
            return part
        at = data.draw(st.integers(0, len(part)))
        return part[:at] + noise + part[at + data.draw(st.integers(0, 5)) :]

    result = read_workbook(repacked(SAMPLE, change), filename_stem="x")
    assert result.definition or result.problems


@given(st.text(max_size=120))
def test_any_file_name_gives_a_code_and_a_title(stem: str) -> None:
    result = read_workbook(GOOD, filename_stem=stem)
    assert result.definition and result.definition.header.code == result.code
