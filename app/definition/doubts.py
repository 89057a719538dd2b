"""Readings that may be two numbers: which ones are undecided, and what a decision makes of them.

No limits come in: what a number is judged by never says which number was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from app.definition.answers import AnswerValue
from app.definition.measured import parse_decimal
from app.definition.schema import MEASURED_TYPES, Field, FieldType

# The key of a number's only reading; a table's readings have the keys of their cells.
ONLY = ""

Reading = Mapping[str, str]


def readings(field: Field, value: object) -> Iterator[tuple[str, Reading]]:
    """Each reading of a number or a table by its key, in the order of the form."""
    if not isinstance(value, Mapping) or field.type not in MEASURED_TYPES:
        return
    if field.type is FieldType.NUMBER:
        yield ONLY, value
    for key, _row, _column in field.cells():
        if isinstance(value.get(key), Mapping):
            yield key, value[key]


def undecided(field: Field, value: object) -> dict[str, Reading]:
    """The readings of which nobody has said yet which of two numbers they are, by key."""
    return {key: reading for key, reading in readings(field, value) if "doubt" in reading}


def decide(field: Field, value: AnswerValue, chosen: Mapping[str, str]) -> AnswerValue:
    """`value` with the numbers that somebody chose; a choice counts only for its own text."""
    return _changed(field, value, lambda key, reading: _decided(field, reading, chosen.get(key)))


def kept(
    field: Field, value: AnswerValue, standing: AnswerValue, chosen: Mapping[str, str]
) -> AnswerValue:
    """`value`, where a text that stood there already is not read again, unless by a choice."""
    before = dict(readings(field, standing))

    def keep(key: str, reading: Reading) -> Reading:
        old = before.get(key)
        is_chosen = key in chosen and chosen[key] == reading["decimal"]
        return old if old and old["text"] == reading["text"] and not is_chosen else reading

    return _changed(field, value, keep)


def without_doubts(field: Field, value: AnswerValue) -> AnswerValue:
    """`value` as it is read at first, the same whoever typed it."""
    return _changed(field, value, lambda _key, one: {k: v for k, v in one.items() if k != "doubt"})


def _changed(
    field: Field, value: AnswerValue, change: Callable[[str, Reading], Reading]
) -> AnswerValue:
    changed = {key: dict(change(key, one)) for key, one in readings(field, value)}
    if not changed:
        return value
    return changed[ONLY] if field.type is FieldType.NUMBER else changed


def _decided(field: Field, reading: Reading, number: str | None) -> Reading:
    if number is None:
        return reading
    either = parse_decimal(reading["text"], unit=field.limits.unit if field.limits else None)
    if number not in (either.decimal, either.doubt):
        return reading
    return {"text": reading["text"], "decimal": number}
