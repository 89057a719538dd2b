"""Behaviour shared by the types that select among options."""

from __future__ import annotations

from app.definition.answers import AnswerValue
from app.definition.fields.kind import FieldKind, Reader
from app.definition.schema import Field, Option, Text


class ChoosingKind(FieldKind):
    def read(self, field: Field, value: AnswerValue, reader: Reader) -> str:
        return ", ".join(one.label.first(reader.languages) for one in chosen(field, value))

    def print(self, field: Field, value: AnswerValue) -> tuple[Text, ...]:
        return tuple(one.label for one in chosen(field, value))


def chosen(field: Field, value: AnswerValue) -> list[Option]:
    """The selected options, in the definition's order."""
    ids = value if isinstance(value, list) else [value]
    return [option for option in field.options if option.id in ids]
