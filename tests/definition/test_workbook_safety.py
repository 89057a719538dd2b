"""Files that are not workbooks, or are built to hurt, end in one sentence and quickly."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.definition.workbook import read_workbook, sample_workbook
from tests.definition.builders import FOUR_HEADER, repacked, workbook

GOOD = workbook({"S": [FOUR_HEADER, ("A", "q", "Text", None)]})
SHEET = "xl/worksheets/sheet1.xml"


def only_sentence(data: bytes) -> str:
    start = time.perf_counter()
    result = read_workbook(data, filename_stem="x")
    assert time.perf_counter() - start < 2
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
    assert openpyxl.DEFUSEDXML


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty"),
        (b"Section;Question;Type\n", "not an Excel workbook"),
        (b"%PDF-1.7", "not an Excel workbook"),
        (OLE + bytes(600), "old Excel file"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"PK\x03\x04 broken", "damaged"),
        (GOOD[: len(GOOD) // 2], "damaged"),
        (zipped({"a.txt": b"hello"}), "not an Excel workbook"),
        (zipped({"mimetype": b"", "content.xml": b"<x/>"}), "OpenDocument"),
        (zipped({"[Content_Types].xml": b"", "word/document.xml": b""}), "Word"),
        (zipped({"[Content_Types].xml": b"", "xl/workbook.bin": b""}), ".xlsb"),
        (zipped({"[Content_Types].xml": b"", "xl/vbaProject.bin": b""}), "macros"),
        (zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}), "damaged"),
        (bytes(10 * 1024 * 1024 + 1), "larger than 10 MB"),
        (zipped({f"{n}.xml": b"" for n in range(1_001)}), "more than 1000 parts"),
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
        assert "unpacks to more" in only_sentence(zipped(parts))


def test_a_part_that_lies_about_its_size() -> None:
    data = bytearray(zipped({"[Content_Types].xml": b"a" * 3_000_000, "xl/workbook.xml": b""}))
    size = (3_000_000).to_bytes(4, "little")
    while size in data:
        data[data.index(size) : data.index(size) + 4] = (100).to_bytes(4, "little")
    assert "damaged" in only_sentence(bytes(data))


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
    assert "unpacks to more" in only_sentence(
        with_sheet(lambda old: old.replace(b"<row", row + b"<row", 1))
    )


def test_rows_far_down_and_wrong_dimensions_cost_nothing() -> None:
    far = b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>far</t></is></c></row>'
    data = with_sheet(
        lambda old: old.replace(b"</sheetData>", far + b"</sheetData>").replace(
            b'<dimension ref="A1:D2"', b'<dimension ref="A1"'
        )
    )
    start = time.perf_counter()
    result = read_workbook(data, filename_stem="x")
    assert time.perf_counter() - start < 2
    assert result.definition


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
    """The same workbook stored as Excel does, its words in a part of their own."""
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
