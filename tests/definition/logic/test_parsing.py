"""Text to tree and back, and the sentences that name what is wrong and where."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from app.definition.logic.checking import check_type
from app.definition.logic.errors import LogicError
from app.definition.logic.parsing import parse_calculation, parse_condition
from app.definition.logic.tree import Node, Op
from app.definition.logic.wording import LogicReader, text_of, words_of
from app.definition.schema import Language
from tests.support.logic_cases import CHECKLIST, NAMES, conditions

VERDICTS = {"ok": "OK", "not_ok": "Not OK", "na": "N.A."}
EN, PT = Language.EN, Language.PT

# text -> the same as the product writes it
WRITTEN = {
    '{Transformer present} = "Sim"': '{present} = "yes"',
    'selected( {tools} , "Megger" )': 'selected({tools}, "megger")',
    '{v}≠"Not OK"': '{v} != "not_ok"',
    "any_not_ok([Ensaios])": "any_not_ok([tests])",
    "{Currents:Hot:L2}≥5 AND NOT {a}<1": "{t:r2:l2} >= 5 and not {a} < 1",
    "(({a} + 1)) * 2 > 3": "({a} + 1) * 2 > 3",
    "{a} - ({b} - 1) > 0": "{a} - ({b} - 1) > 0",
    "-(-{a}) > -1": "--{a} > -1",
    "1 = 1 or (1 = 2 and 1 = 3)": "1 = 1 or 1 = 2 and 1 = 3",
}

# text -> (index of the fault, what its sentence says)
FAULTS = {
    "": (0, "ends too early"),
    "{a} >": (5, "ends too early"),
    "{a} > 1 )": (8, '")" is not understood'),
    "{a} ? 1": (4, '"? 1" is not understood'),
    "{nope} > 1": (1, 'no field "nope"'),
    "all_answered([nope])": (14, 'no section "nope"'),
    "{t:r1:nope} > 1": (1, 'no row "r1" or no column "nope"'),
    "wish({a}) > 1": (0, 'no function "wish"'),
    "round({a} 1) > 1": (10, '"1" is not expected here: ")" is'),
    "{a} > 0,5": (7, '"," is not understood'),
    "1234567890123456789012345678901 > 1": (0, "more than 28 digits"),
    '{present} = "maybe"': (None, '"maybe" is not one of the answers to "present"'),
    '{tools} = "meter"': (None, "use selected({tools}"),
    '{from} > "31/03/2026"': (None, "is not a date"),
    '{at} > "8h"': (None, "is not a time of day"),
    "{name} > {name}": (None, "smaller or larger"),
    "{a} = {from}": (None, "cannot be compared"),
    '{a} = "5"': (None, "cannot be compared"),
    "{a} + 1": (None, "A condition is expected"),
    "{a} and {b}": (None, "A condition is expected"),
    "answered({a} + 1)": (None, "answered() takes one field"),
    "any_not_ok({a})": (None, "any_not_ok() takes one section"),
    "round({a}, 1.5) > 1": (None, "decimal places"),
    "{t} > 1": (None, "cannot be compared"),
    "{name} + 1 > 2": (None, "A number is expected"),
    'if({a} > 1, {a}, "x") > 1': (None, "cannot be compared"),
    "answered({about})": (None, 'note "about" has no answer'),
    '{name} = ""': (None, "Use answered()"),
    "(" * 40 + "1 = 1" + ")" * 40: (31, "nested too deeply"),
    " + ".join(["{a}"] * 60) + " > 1": (None, "nested too deeply"),
}


@pytest.mark.parametrize(("text", "written"), WRITTEN.items())
def test_names_become_ids(text: str, written: str) -> None:
    assert text_of(parse_condition(text, NAMES)) == written


@pytest.mark.parametrize(("text", "fault"), FAULTS.items(), ids=lambda one: str(one)[:40])
def test_faults_name_their_place(text: str, fault: tuple[int | None, str]) -> None:
    at, words = fault
    with pytest.raises(LogicError) as refused:
        parse_condition(text, NAMES)
    assert words in str(refused.value.sentence)
    if at is not None:
        assert refused.value.at == at


@settings(max_examples=200, deadline=None)
@given(conditions)
def test_text_of_a_tree_is_read_as_the_same_tree(node: Node) -> None:
    assert parse_condition(text_of(node), NAMES) == check_type(node, NAMES)


@settings(max_examples=200, deadline=None)
@given(conditions)
def test_every_tree_can_be_put_into_words(node: Node) -> None:
    words = words_of(node, LogicReader(CHECKLIST, (EN, PT), EN, str, VERDICTS.__getitem__))
    assert words and "%(" not in words


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ('{present} = "yes"', EN, "“Transformer present” is Yes"),
        ('{present} != "yes"', PT, "“Transformer present” is not Sim"),
        ("{t:r1:*} > 1", EN, None),
        ("sum({t:r1:*}) > 1.5", PT, "sum of “Currents” (Cold, all) > 1,5"),
        (
            '{v} = "not_ok" and ({a} < 1 or {b} > 2)',
            EN,
            "“Verdict” is Not OK and (“A” < 1 or “B” > 2)",
        ),
        ("any_not_ok([tests])", PT, "any answer in “Ensaios” is Not OK"),
        ("round(({a} + {b}) / 2, 1) >= 3", EN, "(“A” + “B”) ÷ 2, rounded (decimal places: 1) ≥ 3"),
    ],
)
def test_words(text: str, language: Language, words: str | None) -> None:
    reader = LogicReader(CHECKLIST, (language, EN), language, str, VERDICTS.__getitem__)
    if words is None:
        with pytest.raises(LogicError):
            parse_condition(text, NAMES)
    else:
        assert words_of(parse_condition(text, NAMES), reader) == words


@pytest.mark.parametrize(
    ("text", "field", "fault"),
    [
        ("{a} + {b}", "total", None),
        ('if({a} > 1, "OK", "Not OK")', "mark", None),
        ("{v}", "mark", None),
        ("{present}", "mark", "does not give"),
        ("{a}", "mark", "does not give"),
        ('"5"', "total", "cannot be compared"),
        ("{a} > 1", "total", "does not give"),
        ("{name}", "name", None),
        ("{a}", "t", "cannot be calculated"),
        ("{a}", "tools", "cannot be calculated"),
    ],
)
def test_calculations_fit_their_field(text: str, field: str, fault: str | None) -> None:
    if fault is None:
        assert parse_calculation(text, NAMES, NAMES.fields[field]).op in set(Op)
        return
    with pytest.raises(LogicError, match=fault):
        parse_calculation(text, NAMES, NAMES.fields[field])
