"""Conditions and calculations in the columns of a workbook, with errors at their cells."""

from __future__ import annotations

import pytest

from app.definition.logic.wording import text_of
from tests.definition.builders import problems_of, read

HEADER = (
    "Section",
    "Question",
    "Type",
    "Options / limits",
    "Field id",
    "Shown when",
    "Required when",
    "Fails when",
    "Calculation",
    "Section shown when",
)
PRESENT = ("Main", "Transformer present", "select", "Yes; No", "present")
A, B = ("Main", "A", "number", "", "a"), ("Main", "B", "number", "", "b")


def read_rows(*rows: tuple[object, ...]):
    return read({"Checklist": [HEADER, *rows]})


def test_the_columns_are_read():
    found = read_rows(
        PRESENT,
        (*A, '{Transformer present} = "Yes"', "", "{a} > 10"),
        (*B, "", "answered({a})"),
        ("Main", "Sum", "number", "", "sum", "", "", "", "{A} + {B}"),
        ("Oil", "Level", "verdict", "", "level", "", "", "", "", '{present} = "no"'),
    )
    checklist = found.definition
    assert checklist is not None
    fields = {one.id: one for one in checklist.all_fields()}
    assert text_of(fields["a"].shown_when) == '{present} = "yes"'
    assert text_of(fields["a"].fails_when) == "{a} > 10"
    assert text_of(fields["b"].required_when) == "answered({a})"
    assert text_of(fields["sum"].calculation) == "{a} + {b}"
    assert text_of(checklist.sections[1].shown_when) == '{present} = "no"'


@pytest.mark.parametrize(
    ("rows", "cell", "words"),
    [
        ([(*A, "{nope} > 1")], "F2", 'no field "nope"'),
        ([(*A, "{a} >> 1")], "F2", 'See "> 1"'),
        ([(*A, "", "", "", "{a}")], "I2", "depends on itself"),
        ([PRESENT, (*A, '{present} = "Maybe"')], "F3", '"Maybe" is not one of'),
        ([(*A, "{b} > 1"), (*B, "{a} > 1")], "F2", "a → b → a"),
        ([A, ("Main", "Read", "note", "", "n", "", "{a} > 1")], "G3", "can only be shown"),
        ([A, (*B, "", "{a} > 1", "", "{a}")], "I3", "neither filled in"),
    ],
)
def test_errors_name_their_cell(rows, cell, words):
    found = read_rows(*rows)
    assert found.definition is None
    ((where, sentence),) = problems_of(found)
    assert where.endswith(cell) and words in sentence
