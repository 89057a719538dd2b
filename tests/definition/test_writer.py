"""Any definition, written as a workbook, is read back as the same definition."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from hypothesis import given, settings
from openpyxl import load_workbook

from app.definition.samples import SAMPLES
from app.definition.schema import (
    Definition,
    Field,
    FieldType,
    Language,
    Limits,
    Option,
    PhotoPolicy,
    Section,
    Text,
)
from app.definition.workbook import read_workbook, sample_workbook, write_workbook
from app.definition.workbook.writer import FIELD
from tests.definition.builders import definition, field
from tests.definition.definitions import definitions


def plain(whole: Definition) -> str:
    """The stored JSON: the same only if every digit of every bound is."""
    return json.dumps(whole.model_dump(mode="json", exclude_defaults=True), sort_keys=True)


def assert_same(whole: Definition, known: Definition | None = None) -> None:
    reading = read_workbook(write_workbook(whole), filename_stem="other name", known=known)
    assert [str(one.sentence) for one in reading.problems] == []
    assert reading.definition is not None
    assert plain(reading.definition) == plain(whole)


def test_every_setting_of_a_field_is_written():
    """A new setting of the schema needs a line in `FIELD`, and the reader needs its column."""
    assert {name for one in FIELD for name in one.covers} == set(Field.model_fields)
    assert set(PhotoPolicy.model_fields) == {"mode", "min", "max", "gps_required"}
    assert set(Limits.model_fields) == {"unit", "min", "max"}
    assert set(Section.model_fields) == {"id", "title", "fields", "shown_when", "source_name"}
    assert set(Option.model_fields) == {"id", "label", "source_name"}


@settings(max_examples=60, deadline=None)
@given(definitions())
def test_any_definition_is_read_back(whole):
    assert_same(whole)


@settings(max_examples=15, deadline=None)
@given(definitions(), definitions())
def test_any_definition_is_read_back_beside_an_earlier_version(whole, earlier):
    assert_same(whole, known=earlier)
    assert_same(whole, known=whole)


@pytest.mark.parametrize("key", list(SAMPLES))
def test_the_samples_are_read_back_without_a_note(key):
    data = write_workbook(SAMPLES[key])
    reading = read_workbook(data, filename_stem="x")
    assert plain(reading.definition) == plain(SAMPLES[key])
    assert [str(one.sentence) for one in reading.notices] == []


def test_what_the_sample_workbook_says_is_read_back():
    assert_same(read_workbook(sample_workbook(), filename_stem="x").definition)


def cells(whole: Definition, sheet: str) -> list[list[str]]:
    book = load_workbook(BytesIO(write_workbook(whole)))
    if sheet not in book.sheetnames:
        return []
    return [[cell or "" for cell in row] for row in book[sheet].iter_rows(values_only=True)]


def test_usual_answers_stand_beside_their_question():
    usual = field("a", FieldType.SELECT_ONE)
    odd = field(
        "b",
        FieldType.SELECT_ONE,
        options=(
            Option(id="x", label=Text(en="A | B")),
            Option(id="y", label=Text(en="C")),
        ),
    )
    table = field("c", FieldType.TABLE)
    rows = {row[-1]: row for row in cells(definition(usual, odd, table), "Checklist")}
    place = rows["Field id"].index("Options (EN)")
    assert [rows[one][place] for one in "abc"] == ["A | B | C", "", "rows L1 | L2; columns V"]
    listed = cells(definition(usual, odd, table), "Answers")
    assert listed[1:] == [
        ["b", "options", "A | B", "", "x"],
        ["b", "options", "C", "", "y"],
    ]


def test_an_edited_workbook_keeps_the_ids_of_what_was_not_touched():
    book = load_workbook(BytesIO(write_workbook(definition(field("first"), field("second")))))
    sheet = book["Checklist"]
    names = [cell.value for cell in sheet[1]]
    sheet.cell(2, names.index("Question (EN)") + 1).value = "Corrected"
    for row, cells in enumerate(
        (
            {"Section (EN)": "One", "Question (EN)": "A new one", "Type": "text"},
            {
                "Section (EN)": "Two",
                "Question (EN)": "In a new section",
                "Type": "number",
                "Unit": "V",
                "Min": "1.5",
            },
        ),
        start=sheet.max_row + 1,
    ):
        for name, text in cells.items():
            sheet.cell(row, names.index(name) + 1).value = text
    book.save(stream := BytesIO())
    reading = read_workbook(stream.getvalue(), filename_stem="x")
    assert not reading.problems
    one, two = reading.definition.sections
    assert [item.id for item in one.fields] == ["first", "second", "one_a_new_one"]
    assert one.fields[0].label == Text(en="Corrected")
    assert (one.id, two.id) == ("s1", "two")
    assert two.fields[0].limits == Limits(unit="V", min="1.5")


def test_a_thousand_fields_go_on_in_a_second_sheet():
    many = definition(*(field(f"f{number}") for number in range(1_000)))
    assert_same(many)


def test_no_text_becomes_a_formula():
    book = load_workbook(BytesIO(write_workbook(definition(field("a", label=Text(en="=1+1"))))))
    assert {cell.data_type for sheet in book for row in sheet for cell in row} <= {"s", "n"}


def test_the_languages_are_those_of_the_checklist():
    whole = definition(field("a", label=Text(en="A", pt="B")))
    whole = whole.model_copy(update={"languages": (Language.PT, Language.EN)})
    assert_same(whole)
    assert cells(whole, "Checklist")[0][:2] == ["Section (PT)", "Section (EN)"]
