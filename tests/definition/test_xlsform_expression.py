"""The tree of an expression of an XLSForm, and what cannot be translated."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.definition.xlsform.expression import NotUnderstood, names_in, parse, to_plain


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("${a} = 'yes'", ["compare", "=", ["answer", "a"], ["text", "yes"]]),
        ("\u201cx\u201d != .", ["compare", "!=", ["text", "x"], ["answer", None]]),
        (
            "${a} = 'yes' and not(selected(${b}, 'x'))",
            [
                "and",
                ["compare", "=", ["answer", "a"], ["text", "yes"]],
                ["not", ["selected", "b", "x"]],
            ],
        ),
        ("true() or false()", ["or", ["truth", True], ["truth", False]]),
        (
            "1 + 2 * -${a} div .5",
            [
                "arithmetic",
                "+",
                ["number", "1"],
                [
                    "arithmetic",
                    "/",
                    [
                        "arithmetic",
                        "*",
                        ["number", "2"],
                        ["arithmetic", "-", ["number", "0"], ["answer", "a"]],
                    ],
                    ["number", "0.5"],
                ],
            ],
        ),
        ("if(${a} > 3, today(), '')", None),
        (
            "(${a} or ${b}) and ${c}",
            ["and", ["or", ["answer", "a"], ["answer", "b"]], ["answer", "c"]],
        ),
    ],
)
def test_trees(text: str, tree: Any) -> None:
    plain = to_plain(parse(text))
    if tree is None:
        assert plain[:2] == ["call", "if"]
    else:
        assert plain == tree


def test_names_in_order() -> None:
    assert list(names_in(parse("${b} = ${a} or selected(${b}, '1')"))) == ["b", "a", "b"]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("${a} =", 6),
        ("${a} = 'x", 7),
        ("../a = 1", 0),
        ("/data/a", 0),
        ("${a} ${b}", 5),
        ("instance('x')/root/item", 13),
        ("${last-saved#a}", 0),
        ("(1", 2),
        ("(" * 5_000, 4_000),
        ("(" * 200 + "1" + ")" * 200, 61),
    ],
)
def test_what_is_not_understood_says_where(text: str, position: int) -> None:
    with pytest.raises(NotUnderstood) as caught:
        parse(text)
    assert caught.value.position == position


@given(st.text(st.sampled_from("${}abc'\"()=<>!+-*/.,0123 andornotselected"), max_size=60))
def test_any_text_gives_a_tree_or_is_refused(text: str) -> None:
    try:
        to_plain(parse(text))
    except NotUnderstood as refused:
        assert 0 <= refused.position <= len(text)
