"""A small checklist with a condition of each kind and a calculation."""

from __future__ import annotations

from typing import Any

from app.definition.logic.dependencies import names_of
from app.definition.logic.parsing import parse_calculation, parse_condition
from app.definition.schema import Definition, Field


def number(id: str, **settings: object) -> dict[str, object]:
    return {"id": id, "type": "number", "label": {"en": id.upper()}, **settings}


PLAIN: dict[str, Any] = {
    "languages": ["en"],
    "header": {"code": "COND", "title": {"en": "Conditions"}},
    "sections": [
        {
            "id": "main",
            "title": {"en": "Main"},
            "fields": [
                {
                    "id": "present",
                    "type": "select_one",
                    "label": {"en": "Transformer present"},
                    "options": [
                        {"id": "yes", "label": {"en": "Yes"}},
                        {"id": "no", "label": {"en": "No"}},
                    ],
                },
                number("a"),
                number("b"),
                number("total", comment="required_when_not_ok"),
                {"id": "why", "type": "text", "label": {"en": "Why"}, "required": False},
            ],
        },
        {
            "id": "transformer",
            "title": {"en": "Transformer"},
            "fields": [
                {"id": "oil", "type": "verdict", "label": {"en": "Oil level"}},
                number("ratio"),
            ],
        },
    ],
    "signature_roles": [],
}
CALCULATED = {"total": "{a} + {b}"}
SETTINGS = {
    "total": {"fails_when": "{total} > 10"},
    "why": {"required_when": "not_ok({total})"},
}


def a_conditional_definition(code: str = "COND") -> Definition:
    plain = Definition.model_validate(PLAIN | {"header": {**PLAIN["header"], "code": code}})
    names = names_of(plain)
    fields: dict[str, Field] = {}
    for one in plain.all_fields():
        found: dict[str, object] = {
            setting: parse_condition(text, names)
            for setting, text in SETTINGS.get(one.id, {}).items()
        }
        if one.id in CALCULATED:
            found["calculation"] = parse_calculation(CALCULATED[one.id], names, one)
        fields[one.id] = one.model_copy(update=found)
    main, transformer = plain.sections
    shown = parse_condition('{present} = "yes"', names)
    body = plain.model_copy(
        update={
            "sections": (
                main.model_copy(update={"fields": tuple(fields[f.id] for f in main.fields)}),
                transformer.model_copy(update={"shown_when": shown}),
            )
        }
    )
    return Definition.model_validate(body.model_dump(mode="json", exclude_defaults=True))
