"""Random expressions and answers for the checklist of vectors.json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.definition.logic.dependencies import names_of
from app.definition.logic.evaluating import ARITHMETIC_CONTEXT, Logic, Value
from app.definition.logic.tree import Node, Op
from app.definition.measured import plain
from app.definition.schema import Definition
from app.reports.facts import AnswerFacts

Answers = Mapping[str, Mapping[str, Any]]
Case = tuple[Node | None, Answers]

VECTORS = json.loads(
    (Path(__file__).parents[1] / "definition" / "logic" / "vectors.json").read_text()
)
CHECKLIST = Definition.model_validate(VECTORS["checklist"])
NAMES = names_of(CHECKLIST)


def leaf(op: Op, value: str) -> Node:
    return Node(op=op, value=value)


def many(op: Op, *args: Node) -> Node:
    return Node(op=op, args=args)


_digits = st.builds(
    lambda number, places: plain(Decimal(number).scaleb(-places)),
    st.integers(0, 10**14),
    st.integers(0, 12),
)
_cells = st.sampled_from([key for key, _r, _c in NAMES.fields["t"].cells()])
_starred = st.sampled_from(["t:*:l1", "t:r1:*", "t:*:*"])
_number_fields = st.sampled_from(["a", "b", "ir", "total", "third", "hidden"])
_leaf_numbers = st.one_of(
    _digits.map(lambda text: leaf(Op.NUMBER, text)),
    _number_fields.map(lambda id: leaf(Op.FIELD, id)),
    _cells.map(lambda key: leaf(Op.CELL, f"t:{key}")),
    st.sampled_from(["main", "tests", "extra"]).map(
        lambda id: many(Op.COUNT_NOT_OK, leaf(Op.SECTION, id))
    ),
    st.just(many(Op.DAYS, leaf(Op.FIELD, "from"), leaf(Op.FIELD, "to"))),
)
_lists = st.one_of(
    st.just(leaf(Op.FIELD, "t")), _starred.map(lambda value: leaf(Op.CELL, value)), _leaf_numbers
)


def _grown(numbers: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        st.builds(many, st.sampled_from([Op.PLUS, Op.MINUS, Op.TIMES, Op.BY]), numbers, numbers),
        st.builds(many, st.sampled_from([Op.NEGATIVE, Op.ABS, Op.SQRT]), numbers),
        st.builds(many, st.just(Op.DEFAULT), numbers, numbers),
        st.builds(
            lambda one, places: many(Op.ROUND, one, leaf(Op.NUMBER, str(places))),
            numbers,
            st.integers(0, 12),
        ),
        st.builds(
            lambda op, args: many(op, *args),
            st.sampled_from([Op.SUM, Op.MEAN, Op.MIN, Op.MAX, Op.COUNT]),
            st.lists(_lists | numbers, min_size=1, max_size=4),
        ),
        st.builds(lambda c, one, other: many(Op.IF, c, one, other), _simple, numbers, numbers),
    )


def _compared(one: st.SearchStrategy[Node], other: st.SearchStrategy[Node]) -> Any:
    return st.builds(
        many,
        st.sampled_from([Op.EQUAL, Op.UNEQUAL, Op.BELOW, Op.AT_MOST, Op.ABOVE, Op.AT_LEAST]),
        one,
        other,
    )


_dates = st.one_of(
    st.sampled_from(["from", "to"]).map(lambda id: leaf(Op.FIELD, id)),
    st.dates(min_value=date(1990, 1, 1)).map(lambda day: leaf(Op.TEXT, day.isoformat())),
)
_questions = st.sampled_from([id for id, field in NAMES.fields.items() if field.is_question])
_simple = st.one_of(
    _compared(_leaf_numbers, _leaf_numbers),
    _compared(st.just(leaf(Op.FIELD, "from")), _dates),
    _compared(st.just(leaf(Op.FIELD, "at")), st.just(leaf(Op.TEXT, "12:30"))),
    st.builds(
        many,
        st.sampled_from([Op.EQUAL, Op.UNEQUAL]),
        st.just(leaf(Op.FIELD, "v")),
        st.sampled_from(["ok", "not_ok", "na"]).map(lambda one: leaf(Op.TEXT, one)),
    ),
    st.builds(
        many,
        st.sampled_from([Op.EQUAL, Op.UNEQUAL]),
        st.just(leaf(Op.FIELD, "name")),
        st.text('aé"{ ', min_size=1, max_size=4).map(lambda one: leaf(Op.TEXT, one)),
    ),
    st.sampled_from(["meter", "clamp"]).map(
        lambda one: many(Op.SELECTED, leaf(Op.FIELD, "tools"), leaf(Op.TEXT, one))
    ),
    st.builds(
        lambda op, id: many(op, leaf(Op.FIELD, id)),
        st.sampled_from([Op.ANSWERED, Op.IS_NA, Op.NOT_OK]),
        _questions,
    ),
    st.builds(
        lambda op, id: many(op, leaf(Op.SECTION, id)),
        st.sampled_from([Op.ANY_NOT_OK, Op.ALL_ANSWERED]),
        st.sampled_from(["main", "tests", "extra"]),
    ),
)
numbers = st.recursive(_leaf_numbers, _grown, max_leaves=12)
conditions = st.recursive(
    _simple | _compared(numbers, numbers),
    lambda parts: st.one_of(
        parts.map(lambda one: many(Op.NOT, one)),
        st.builds(
            lambda op, args: many(op, *args),
            st.sampled_from([Op.AND, Op.OR]),
            st.lists(parts, min_size=2, max_size=3),
        ),
    ),
    max_leaves=8,
)
expressions = numbers | conditions

_reading = st.builds(
    lambda number, places, sign, bound: {
        "text": bound + sign + plain(Decimal(number).scaleb(-places)),
        "decimal": plain(Decimal(sign + str(number)).scaleb(-places)),
    },
    st.integers(0, 10**10),
    st.integers(0, 8),
    st.sampled_from(["", "", "-"]),
    st.sampled_from(["", "", "", ">", "<", ">=", "<="]),
)
_blank = st.one_of(
    st.just({"value": None}),
    st.sampled_from(["", "  ", "broken"]).map(lambda why: {"value": None, "na_reason": why}),
)


def _given(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return values.map(lambda value: {"value": value}) | _blank


_verdict = st.sampled_from(["ok", "not_ok", "na"])
answers = st.fixed_dictionaries(
    {},
    optional={
        "present": _given(st.sampled_from(["yes", "no"])),
        "tools": _given(st.sampled_from([["meter"], ["meter", "clamp"], ["megger"]])),
        **{id: _given(_reading) for id in ("a", "b", "ir", "hidden")},
        "from": _given(st.sampled_from(["2024-02-29", "1999-12-31", "2026-07-01"])),
        "to": _given(st.sampled_from(["2024-03-01", "2000-01-01", "2026-07-01"])),
        "at": _given(st.sampled_from(["00:00", "12:30", "23:59"])),
        "name": _given(st.sampled_from(["a", "never", "é"])),
        "v": _given(_verdict),
        "w": _given(_verdict),
        "t": _given(st.dictionaries(_cells, _reading, min_size=1)),
        "repaired": _given(_verdict),
    },
)


def facts_of(answered: Answers) -> dict[str, AnswerFacts]:
    return {
        id: AnswerFacts(one.get("value"), na_reason=one.get("na_reason"))
        for id, one in answered.items()
    }


def plainly(value: Value) -> object:
    """A value as the phone's results have it."""
    return plain(value) if isinstance(value, Decimal) else value


def on_server(tree: Node | None, answered: Answers) -> object:
    """The result of one case, as evaluateAll of phone_logic.py gives it."""
    logic = Logic(CHECKLIST, facts_of(answered))
    if tree is not None:
        with localcontext(ARITHMETIC_CONTEXT):
            return plainly(logic.value(tree))
    ids = list(NAMES.fields)
    return {
        "hidden": [id for id in ids if not logic.is_shown(id)],
        "required": [id for id in ids if logic.is_shown(id) and logic.is_required(id)],
        "fails": [id for id in ids if logic.fails(id)],
        "not_ok": [id for id in ids if logic.is_not_ok(id)],
        "calculated": {
            id: logic.calculated(id) for id in ids if NAMES.fields[id].calculation is not None
        },
    }


def random_cases(count: int) -> list[Case]:
    """Different ones on each run. Without a tree, a case asks for the state of the form."""
    cases: list[Case] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(expressions | st.none(), answers)
    def collect(node: Node | None, answered: Answers) -> None:
        cases.append((node, answered))

    collect()
    assert len(cases) >= count * 0.9
    return cases


def differing(cases: Sequence[Case], found: Sequence[object]) -> list[object]:
    """The cases for which the server does not give what was found, with both results."""
    return [
        (node and node.model_dump_json(exclude_defaults=True), answered, was, expected)
        for (node, answered), was in zip(cases, found, strict=True)
        if was != (expected := on_server(node, answered))
    ]
