"""One reading in a unit; the value holds the typed text and the decimal it stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from random import Random

from app.definition.fields.kind import ONLY, Reading
from app.definition.fields.measuring import MeasuringKind, example_reading, parse_reading
from app.definition.schema import Field, FieldType, Language
from app.definition.sentences import N_


class NumberKind(MeasuringKind):
    type = FieldType.NUMBER
    name = N_("number")
    workbook_words = (
        "number|numeric|decimal|integer|measurement|measure|numero|numerico"
        "|inteiro|medicao|medida|valor numerico"
    )

    def _parse(self, field: Field, raw: object, language: Language | None) -> dict[str, str] | None:
        return parse_reading(field, raw, language)

    def as_typed(self, text: object) -> object:
        return {"text": text} if text else text

    def readings(self, field: Field, value: object) -> Iterator[tuple[str, Reading]]:
        if isinstance(value, Mapping):
            yield ONLY, value

    def example(self, field: Field, chance: Random, today: date, *, wrong: bool) -> str:
        return example_reading(field.limits, chance, wrong=wrong)
