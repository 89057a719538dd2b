"""A table of readings; the value maps "row_id:column_id" to a reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from random import Random

from app.definition.answers import AnswerValue, InvalidAnswer, excerpt, not_understood
from app.definition.fields.kind import Reading
from app.definition.fields.measuring import MeasuringKind, example_reading, parse_reading
from app.definition.schema import Field, FieldType, Language
from app.definition.sentences import N_, say

NOT_A_CELL = N_('"%(key)s" is not a cell of this table.')


class TableKind(MeasuringKind):
    type = FieldType.TABLE
    name = N_("table of measurements")
    workbook_words = (
        "table|measurement table|table of measurements|tabela|tabela de medicoes|tabela de medidas"
    )

    def _parse(
        self, field: Field, raw: object, language: Language | None
    ) -> dict[str, dict[str, str]] | None:
        if not isinstance(raw, Mapping):
            raise not_understood()
        keys = [key for key, _, _ in field.cells()]
        unknown = [key for key in raw if key not in set(keys)]
        if unknown:
            raise InvalidAnswer(say(NOT_A_CELL, key=excerpt(str(unknown[0]))))
        cells: dict[str, dict[str, str]] = {}
        for key in keys:
            try:
                reading = parse_reading(field, raw.get(key), language)
            except InvalidAnswer as error:
                raise InvalidAnswer(error.sentence, cell=key) from None
            if reading:
                cells[key] = reading
        return cells or None

    def readings(self, field: Field, value: object) -> Iterator[tuple[str, Reading]]:
        if not isinstance(value, Mapping):
            return
        for key, _row, _column in field.cells():
            if isinstance(value.get(key), Mapping):
                yield key, value[key]

    def open_cells(self, field: Field, value: AnswerValue) -> list[str]:
        found = dict(self.readings(field, value))
        return [key for key, _row, _column in field.cells() if key not in found]

    def example(self, field: Field, chance: Random, today: date, *, wrong: bool) -> dict[str, str]:
        limits = field.limits
        cells = {key: example_reading(limits, chance, wrong=False) for key, *_ in field.cells()}
        if wrong:
            cells[chance.choice(list(cells))] = example_reading(limits, chance, wrong=True)
        return cells
