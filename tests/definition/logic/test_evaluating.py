"""Server and phone compute the same: the vectors, and random expressions."""

from __future__ import annotations

from typing import Any

import pytest

from app.definition.logic.parsing import _Parser
from app.definition.logic.tree import Node
from tests.support.logic_cases import (
    CHECKLIST,
    NAMES,
    VECTORS,
    differing,
    on_server,
    random_cases,
)
from tests.support.phone_logic import evaluate_on_phone

CASES, FORMS = VECTORS["cases"], VECTORS["forms"]


def tree(text: str) -> Node:
    """The tree of any expression, also of one that is no condition."""
    return _Parser(text, NAMES).parse()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"])
def test_the_server_gives_what_the_vector_says(case: dict[str, Any]) -> None:
    assert on_server(tree(case["text"]), case["answers"]) == case["gives"]


def test_the_phone_gives_what_the_vectors_say() -> None:
    found = evaluate_on_phone(CHECKLIST, [(tree(one["text"]), one["answers"]) for one in CASES])
    assert [(one["says"], was) for one, was in zip(CASES, found, strict=True)] == [
        (one["says"], one["gives"]) for one in CASES
    ]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form["says"])
def test_forms(form: dict[str, Any]) -> None:
    (phone,) = evaluate_on_phone(CHECKLIST, [(None, form["answers"])])
    server = on_server(None, form["answers"])
    assert phone == server
    wanted = {name: form[name] for name in ("hidden", "fails", "calculated", "not_ok")}
    assert {name: phone[name] for name in wanted} == wanted


def test_random_expressions_give_the_same_on_server_and_phone() -> None:
    cases = random_cases(2_000)
    on_phone = evaluate_on_phone(CHECKLIST, cases)
    assert differing(cases, on_phone) == []
