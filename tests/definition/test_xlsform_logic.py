"""Conditions, rules and calculations of XLSForms, as those of a checklist."""

from __future__ import annotations

import pytest

from app.definition.importing import read_any
from app.definition.logic.wording import text_of
from app.definition.schema import Definition, Field, FieldType
from app.definition.xlsform.leftout import Construct
from app.definition.xlsform.reading import FormReading
from tests.support.forms import a_form

HEAD = ("type", "name", "label", "relevant", "required", "constraint", "calculation")
CHOICES = (
    ("list_name", "name", "label"),
    ("yn", "y", "Yes"),
    ("yn", "N o", "No"),
    ("kinds", "1", "First"),
    ("kinds", "2", "Second"),
)
ASKED = (
    ("select_one yn", "present", "Present?"),
    ("select_multiple kinds", "kinds", "Which?"),
    ("integer", "count", "How many?"),
    ("decimal", "volts", "Voltage"),
    ("text", "maker", "Maker"),
    ("date", "day", "Day"),
    ("acknowledge", "seen", "Seen"),
)


def read(*rows: tuple[str, ...]) -> FormReading:
    data = a_form(survey=(HEAD, *ASKED, *rows), choices=CHOICES)
    reading = read_any(data, filename_stem="a form")
    assert isinstance(reading, FormReading)
    return reading


def made(reading: FormReading) -> Definition:
    assert reading.problems == () and reading.definition
    return reading.definition


def field_of(reading: FormReading, name: str = "q") -> Field:
    field = made(reading).field(name)
    assert field
    return field


def left_out(reading: FormReading) -> list[tuple[Construct, str, str]]:
    assert reading.form
    logic = {
        Construct.RELEVANT,
        Construct.REQUIRED_WHEN,
        Construct.CONSTRAINT,
        Construct.CALCULATION,
        Construct.CALCULATED,
    }
    return [
        (one.construct, one.cell, one.name)
        for one in reading.form.left_out
        if one.construct in logic
    ]


CONDITIONS = {
    "${present} = 'y'": '{present} = "y"',
    "${present}='N o'": '{present} = "n_o"',
    "'y' != ${present}": '{present} != "y"',
    "selected(${kinds}, '2') and not(selected(${kinds}, 1))": (
        'selected({kinds}, "o_2") and not selected({kinds}, "o_1")'
    ),
    "${maker} = ''": "not answered({maker})",
    "${maker} != ''": "answered({maker})",
    "${count} > 3 or ${volts} <= 0.5": "{count} > 3 or {volts} <= 0.5",
    "3 < ${count}": "{count} > 3",
    "${count} = '4'": "{count} = 4",
    "${maker} = 7": '{maker} = "7"',
    "${day} >= date('2026-03-31')": '{day} >= "2026-03-31"',
    "${seen} = 'OK'": '{seen} = "ok"',
    "${count} * 2 + 1 >= ${volts} div 3": "{count} * 2 + 1 >= {volts} / 3",
    "coalesce(${count}, 0) < 1": "default({count}, 0) < 1",
    "round(${volts}, 1) = 0.5": "round({volts}, 1) = 0.5",
    "max(${count}, ${volts}) > -2": "max({count}, {volts}) > -2",
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_conditions_are_taken_over(text: str) -> None:
    reading = read(("text", "q", "Q", text))
    node = field_of(reading).shown_when
    assert node and text_of(node) == CONDITIONS[text]
    assert left_out(reading) == []


UNSAID = (
    "regex(${maker}, '[A-Z]+')",
    "${present} = 'neither'",
    "${nobody} = 1",
    "${q} = 'x'",
    "today() > ${day}",
    "${count} mod 2 = 0",
    "true()",
    "${count}",
    "${count} = 'many'",
    "count-selected(${kinds}) > 1",
    "../count > 1",
    "${present} > 'y'",
)


@pytest.mark.parametrize("text", UNSAID)
def test_what_a_checklist_cannot_say_is_listed_with_its_cell(text: str) -> None:
    reading = read(("text", "q", "Q", text))
    assert field_of(reading).shown_when is None
    assert left_out(reading) == [(Construct.RELEVANT, "D9", "q")]


def test_each_column_becomes_its_setting() -> None:
    row = ("integer", "q", "Q", "${count} > 1", "${count} > 2", ". != ${count} + 1")
    field = field_of(read(row))
    assert field.shown_when and field.required_when and field.fails_when
    assert text_of(field.required_when) == "{count} > 2" and not field.required
    assert text_of(field.fails_when) == "not {q} != {count} + 1"


def test_calculations_have_the_type_of_what_they_give_and_follow_what_they_need() -> None:
    reading = read(
        ("calculate", "late", "Late", "", "", "", "if(${sum} > 4, 'high', 'low')"),
        ("calculate", "sum", "Sum", "", "", "", "${count} + ${volts}"),
        ("calculate", "when", "When", "", "", "", "${day}"),
        ("calculate", "who", "Who", "", "", "", "concat(${maker}, 'x')"),
        ("text", "q", "Q", "${late} = 'high'"),
        ("text", "r", "R", "${who} = 'x'"),
    )
    definition = made(reading)
    types = {one: field_of(reading, one).type for one in ("late", "sum", "when")}
    assert types == {
        "late": FieldType.TEXT,
        "sum": FieldType.NUMBER,
        "when": FieldType.DATE,
    }
    assert definition.field("who") is None
    assert sorted(left_out(reading)) == [
        (Construct.CALCULATED, "G12", "who"),
        (Construct.RELEVANT, "D14", "r"),
    ]
    assert field_of(reading).shown_when


def test_calculations_that_need_each_other_are_listed() -> None:
    reading = read(
        ("calculate", "one", "One", "", "", "", "${two} + 1"),
        ("calculate", "two", "Two", "", "", "", "${one} + 1"),
    )
    assert [one[2] for one in left_out(reading)] == ["one", "two"]


def test_a_shown_question_can_be_calculated_and_is_not_demanded_then() -> None:
    reading = read(("decimal", "q", "Q", "", "${count} > 1", "", "${volts} * 2"))
    field = field_of(reading)
    assert field.calculation and field.required_when is None
    assert left_out(reading) == [(Construct.REQUIRED_WHEN, "E9", "q")]


def test_groups_hide_their_questions_with_those_around_them() -> None:
    reading = read(
        ("begin group", "outer", "Outer", "${count} > 1"),
        ("begin group", "inner", "Inner", "${volts} > 2"),
        ("text", "q", "Q"),
        ("end group", "", ""),
        ("begin group", "bare", "", "${present} = 'y'"),
        ("text", "r", "R", "${maker} = 'x'"),
        ("end group", "", ""),
        ("end group", "", ""),
    )
    sections = {one.title.en: one for one in made(reading).sections}
    inner, outer = sections["Outer › Inner"], sections["Outer"]
    assert inner.shown_when and text_of(inner.shown_when) == "{count} > 1 and {volts} > 2"
    assert outer.shown_when and text_of(outer.shown_when) == "{count} > 1"
    shown = field_of(reading, "r").shown_when
    assert shown and text_of(shown) == '{present} = "y" and {maker} = "x"'


def test_notes_and_signatures_have_no_rules_but_their_own() -> None:
    reading = read(
        ("note", "q", "Q", "${count} > 1", "${count} > 2"),
        ("image", "sign", "Sign", "${count} > 1"),
    )
    assert field_of(reading).shown_when
    assert left_out(reading) == [(Construct.REQUIRED_WHEN, "E9", "q")]
