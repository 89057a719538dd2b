"""Fuzzing the parsers of foreign data: they always return a value or a refusal, never a crash.

Their own test files test valid input.
"""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC
from functools import cache
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from app.auth.redirects import safe_next
from app.definition.schema import Definition
from app.definition.workbook.reader import read_workbook
from app.definition.workbook.sample import sample_workbook
from app.errors import DomainError
from app.evidence.service import canonical_json
from app.imaging.exif import read_exif, read_exif_block
from app.reports.filling.inputs import read_answer_input
from app.reports.listing.address import NAMES, address_of, read_filter
from app.reports.signing.strokes import MAX_NUMBER, BadStrokes, parse_strokes
from tests.fuzz.strikes import BLOBS, JSONS, VALUES
from tests.fuzz.watching import EXAMPLES, Hung, watchdog
from tests.support import scenarios
from tests.support.pictures import a_jpeg

mutated = settings(
    max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
# (place, bytes) that overwrite the data, in order.
WOUNDS = st.lists(st.tuples(st.integers(0, 2**20), st.binary(min_size=1, max_size=6)), max_size=8)


def wounded(data: bytes, wounds: list[tuple[int, bytes]]) -> bytes:
    changed = bytearray(data)
    for at, put in wounds:
        at %= max(len(changed), 1)
        changed[at : at + len(put)] = put
    return bytes(changed)


# --- the workbook -----------------------------------------------------------------------------


@cache
def parts() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(sample_workbook())) as book:
        return {name: book.read(name) for name in book.namelist()}


def zipped(changed: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        for name, data in changed.items():
            book.writestr(name, data)
    return made.getvalue()


def reads(data: bytes, stem: str = "x") -> None:
    with watchdog():
        result = read_workbook(data, filename_stem=stem)
    assert result.definition or result.problems


@mutated
@given(WOUNDS, st.none() | st.integers(0, 2**20), VALUES)
def test_a_damaged_workbook_is_read_or_refused(wounds, cut, stem):
    data = sample_workbook()
    reads(wounded(data, wounds) if cut is None else data[: cut % len(data)], stem)


@mutated
@given(st.data())
def test_a_workbook_of_damaged_parts_is_read_or_refused(data):
    victim = data.draw(st.sampled_from(sorted(parts())))
    content = data.draw(
        st.one_of(BLOBS, WOUNDS.map(lambda wounds: wounded(parts()[victim], wounds)))
    )
    reads(zipped({**parts(), victim: content}))


@mutated
@given(st.lists(st.tuples(st.integers(0, 40), VALUES), min_size=1, max_size=6))
def test_a_workbook_of_odd_cells_is_read_or_refused(cells):
    """Odd texts in cells, in an otherwise valid file."""
    name = "xl/worksheets/sheet1.xml"
    sheet = parts()[name].split(b"<t>")
    for at, text in cells:
        clean = "".join(one for one in text if one >= " " and not 0xD800 <= ord(one) < 0xE000)
        spot = 1 + at % (len(sheet) - 1)
        rest = sheet[spot].partition(b"</t>")[2]
        quoted = clean.replace("&", "&amp;").replace("<", "&lt;").encode()
        sheet[spot] = quoted + b"</t>" + rest
    reads(zipped({**parts(), name: b"<t>".join(sheet)}))


@mutated
@given(st.lists(st.integers(0, 6_000), min_size=2, max_size=2))
def test_two_section_columns_of_any_length_are_read_or_refused(lengths):
    book = Workbook()
    book.active.append(("Section (EN)", "Section (PT)", "Question (EN)", "Question (PT)", "Type"))
    book.active.append((*("x" * length for length in lengths), "First", "Primeira", "text"))
    made = io.BytesIO()
    book.save(made)
    reads(made.getvalue())


# --- EXIF -------------------------------------------------------------------------------------

PHOTO = a_jpeg((16, 12), taken="2026:03:14 09:30:00", offset="-03:00", place=(-23.5, -46.6))


@mutated
@given(WOUNDS, st.integers(1, len(PHOTO)))
def test_a_damaged_photo_gives_a_reading(tmp_path_factory, wounds, cut):
    path = tmp_path_factory.getbasetemp() / "wounded.jpg"
    for data in (wounded(PHOTO[:400], wounds) + PHOTO[400:], PHOTO[:cut]):
        path.write_bytes(data)
        with watchdog():
            reading = read_exif(path)
        storable(reading.raw)


@mutated
@given(BLOBS, WOUNDS)
def test_any_block_gives_a_reading_that_can_be_stored(head, wounds):
    start = PHOTO.index(b"Exif\0\0") + 6
    block = head if not wounds else wounded(PHOTO[start : start + 300], wounds)
    with watchdog():
        storable(read_exif_block(block).raw)


def storable(value: Any) -> None:
    """Whether PostgreSQL's jsonb accepts it: no NaN, NUL or lone surrogate."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in text
    text.encode()


# --- strokes ----------------------------------------------------------------------------------

STROKES = st.fixed_dictionaries(
    {
        "width": st.one_of(st.just(300), st.floats(), st.integers(), JSONS),
        "height": st.one_of(st.just(150), st.floats(), st.integers(), JSONS),
        "strokes": st.one_of(
            JSONS,
            st.lists(st.lists(st.lists(st.one_of(st.floats(), st.integers()), max_size=4))),
        ),
    }
)


@mutated
@given(st.one_of(JSONS, STROKES), BLOBS)
def test_strokes_are_bounded_numbers_or_refused(given_value, blob):
    for data in (json.dumps(given_value).encode(), blob):
        try:
            with watchdog():
                taken = parse_strokes(data)
        except BadStrokes:
            continue
        numbers = [one for stroke in taken["strokes"] for point in stroke for one in point]
        assert numbers and all(isfinite(one) and abs(one) <= MAX_NUMBER for one in numbers)
        canonical_json({"strokes": str(taken)})


# --- where to go after the login ----------------------------------------------------------------


@mutated
@given(st.one_of(VALUES, st.text(alphabet="/\\.:@%205cFe?#htps \t\nx", max_size=30)))
def test_next_is_a_local_path_or_dropped(value):
    passed = safe_next(value)
    if passed is not None:
        parts = urlsplit(passed)
        assert (parts.scheme, parts.netloc) == ("", "")
        assert passed.startswith("/") and passed[1:2] not in ("/", "\\")


# --- definitions --------------------------------------------------------------------------------


def at_random(value: Any, draw: Any) -> Any:
    """The same JSON with one value, at any depth, replaced or removed."""
    if isinstance(value, dict) and value and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(value)))
        if not draw(st.integers(0, 9)):
            return {name: one for name, one in value.items() if name != key}
        return {**value, key: at_random(value[key], draw)}
    if isinstance(value, list) and value and draw(st.integers(0, 9)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], at_random(value[at], draw), *value[at + 1 :]]
    return draw(JSONS)


@mutated
@given(st.data())
def test_a_mutated_definition_is_valid_or_refused(data):
    body = scenarios.a_definition().model_dump(mode="json", exclude_defaults=True)
    for _ in range(data.draw(st.integers(1, 3))):
        body = at_random(body, data.draw)
    try:
        with watchdog():
            definition = Definition.model_validate_json(json.dumps(body))
    except ValidationError:
        return
    again = definition.model_dump(mode="json", exclude_defaults=True)
    storable(again)
    assert Definition.model_validate(again) == definition


# --- forms and addresses ------------------------------------------------------------------------

GIVEN = ("value", "comment", "na_reason", "row_version", "client_id", "client_at", "cell:a:b")


@mutated
@given(st.lists(st.tuples(st.sampled_from(GIVEN), VALUES), max_size=8))
def test_any_save_is_parsed(pairs):
    given_form = read_answer_input(MultiDict(pairs))
    assert 0 <= given_form.row_version < 2**31
    assert given_form.client_at is None or given_form.client_at.tzinfo is UTC


@mutated
@given(st.dictionaries(st.sampled_from(NAMES), VALUES), st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_a_filter_is_parsed_and_its_url_round_trips(args, zone):
    try:
        filter_ = read_filter(args, zone)
    except DomainError as refusal:
        assert refusal.status == 422 and args.get("near", "").strip()
        return
    assert read_filter(address_of(filter_), zone) == filter_


def test_the_watchdog_works():
    """The watchdog really ends code that hangs."""
    with pytest.raises(Hung), watchdog(cpu_seconds=0.05):
        while True:
            pass
