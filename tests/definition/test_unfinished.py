"""Drafts that need not validate: what is shown of them, and what keeps them from being published."""

from __future__ import annotations

import pytest

from app.definition.logic.dependencies import names_of
from app.definition.logic.parsing import parse_condition
from app.definition.unfinished import Part, Unfinished, finish, open_points, present
from tests.definition.builders import definition, field

WHOLE = definition(field("first"), field("second"), field("third"))


def with_condition(setting: str, text: str) -> dict:
    """The body whose second field and whose section have an expression on the first field."""
    body = WHOLE.model_dump(mode="json", exclude_defaults=True)
    node = parse_condition(text, names_of(WHOLE)).model_dump(mode="json", exclude_defaults=True)
    body["sections"][0]["fields"][1][setting] = node
    return body


@pytest.mark.parametrize("setting", ["shown_when", "required_when", "fails_when"])
def test_an_expression_on_a_removed_question_is_an_open_point(setting):
    body = with_condition(setting, "answered({first})")
    assert not list(open_points(body)) and getattr(finish(body).field("second"), setting)
    del body["sections"][0]["fields"][0]
    (point,) = open_points(body)
    assert (point.part, point.id) == (Part.FIELD, "second") and "first" in str(point.sentence)
    with pytest.raises(Unfinished):
        finish(body)
    shown = present(body)
    assert shown.field("second") and getattr(shown.field("second"), setting) is None


def test_a_section_that_depends_on_its_own_question_is_an_open_point_of_the_section():
    body = with_condition("shown_when", "answered({first})")
    node = body["sections"][0]["fields"][1].pop("shown_when")
    body["sections"][0]["shown_when"] = node
    (point,) = open_points(body)
    assert (point.part, point.id) == (Part.SECTION, body["sections"][0]["id"])
    assert present(body).sections[0].shown_when is None
