"""What is refused when a definition with expressions is saved, naming the place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from app.definition.judging import AnswerFacts
from app.definition.logic.evaluating import Logic
from app.definition.logic.parsing import parse_condition
from app.definition.schema import Definition, FieldType
from tests.definition.builders import definition, field
from tests.support.logic_cases import CHECKLIST, NAMES


def node(op: str, *args: object, value: str | None = None) -> dict[str, Any]:
    return {"op": op, **({"args": args} if args else {}), **({"value": value} if value else {})}


def ref(id: str) -> dict[str, Any]:
    return node("field", value=id)


def more_than_one(id: str) -> dict[str, Any]:
    return node(">", ref(id), node("number", value="1"))


def number(id: str, **settings: Any) -> Any:
    return field(id, FieldType.NUMBER, **settings)


FAULTY = {
    "an unknown field": (
        [number("a", shown_when=more_than_one("b"))],
        "shown_when of the field 'a'",
    ),
    "a field that hides itself": ([number("a", shown_when=more_than_one("a"))], "a → a"),
    "two that hide each other": (
        [number("a", shown_when=more_than_one("b")), number("b", shown_when=more_than_one("a"))],
        "depends on itself",
    ),
    "a calculation of itself": (
        [number("a", calculation=ref("a"))],
        "calculation of the field 'a'",
    ),
    "a rule about its own result": (
        [number("a", fails_when=node("not_ok", ref("a")))],
        "fails_when of the field 'a'",
    ),
    "a calculation that is shown by its result": (
        [
            number("a", calculation=ref("b")),
            number("b", shown_when=more_than_one("a")),
        ],
        "depends on itself",
    ),
    "a wrong type": ([number("a", shown_when=ref("a"))], "A condition is expected"),
    "a chain without end": (
        [number(f"f{at}", calculation=ref(f"f{at + 1}")) for at in range(80)] + [number("f80")],
        "too many steps",
    ),
}


@pytest.mark.parametrize("name", FAULTY)
def test_faulty_definitions_are_refused(name: str) -> None:
    fields, words = FAULTY[name]
    with pytest.raises(ValidationError) as refused:
        definition(*fields)
    assert words in str(refused.value)


def test_a_section_cannot_depend_on_its_own_field() -> None:
    body = json.loads(CHECKLIST.model_dump_json(exclude_defaults=True))
    body["sections"][1]["shown_when"] = node("=", ref("v"), node("text", value="ok"))
    with pytest.raises(ValidationError, match=r"shown_when of the (section 'tests'|field)"):
        Definition.model_validate(body)


def test_a_rule_may_name_its_own_value() -> None:
    definition(number("a", fails_when=more_than_one("a")))


def test_definitions_without_expressions_are_stored_as_before() -> None:
    plain = definition(field("v"), number("n"))
    stored = plain.model_dump_json(exclude_defaults=True)
    assert not any(word in stored for word in ("when", "calculation"))
    assert not plain.has_logic


def test_expressions_survive_storage() -> None:
    stored = CHECKLIST.model_dump(mode="json", exclude_defaults=True)
    assert Definition.model_validate(json.loads(json.dumps(stored))) == CHECKLIST


def test_a_stored_choice_is_an_id() -> None:
    tree = parse_condition('{present} = "yes"', NAMES).model_dump(
        mode="json", exclude_defaults=True
    )
    tree["args"][1]["value"] = "Yes"
    body = json.loads(CHECKLIST.model_dump_json(exclude_defaults=True))
    body["sections"][0]["fields"][2]["shown_when"] = tree
    with pytest.raises(ValidationError, match="label instead of its id"):
        Definition.model_validate(body)


def test_a_note_has_no_rule() -> None:
    with pytest.raises(ValidationError, match="a note has no answer"):
        field("n", FieldType.NOTE, fails_when=more_than_one("a"))


def test_the_longest_chain_that_is_accepted_can_be_computed() -> None:
    """In the stack of a request, which leaves less room than a test."""
    length = 40
    chain = [
        number(f"f{at}", calculation=node("+", ref(f"f{at + 1}"), ref(f"f{at + 1}")))
        for at in range(length)
    ]
    logic = Logic(
        definition(*chain, number(f"f{length}")),
        {f"f{length}": AnswerFacts({"text": "0.5", "decimal": "0.5"})},
    )

    def deeper(frames: int) -> object:
        return deeper(frames - 1) if frames else logic.calculated("f0")

    assert deeper(250) == {"text": str(2**39), "decimal": str(2**39)}
