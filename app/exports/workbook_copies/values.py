"""What one report writes into which cells of its client's workbook. Plain data in and out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from app.definition.answers import AnswerValue
from app.definition.assessment import AssessedField
from app.definition.copying import CellValue
from app.definition.mapping import FieldPlace
from app.definition.mapping.guessed import Device
from app.definition.schema import Definition, Language, Verdict
from app.definition.workbook.addresses import letters


def cell_at(ref: str, device: Device | None) -> str:
    """The address of a place; in a matrix the device gives the half that is missing."""
    column = ref.rstrip("0123456789")
    row = ref[len(column) :]
    if device and device.row is not None:
        row = row or str(device.row)
    if device and device.column is not None:
        column = column or letters(device.column)
    return f"{column}{row}" if column and row else ""


def values_of(
    one: AssessedField, place: FieldPlace, device: Device | None, definition: Definition
) -> Iterator[CellValue]:
    """The cells of one answered field: readings or words, the cross of its verdict, the comment."""
    sheet = place.sheet or (device.sheet if device else "")
    for made in _made(one, place, definition):
        cell = cell_at(made.cell, device)
        if sheet and cell and made.value:
            yield made.model_copy(update={"sheet": sheet, "cell": cell})


def day_in(value: str, language: Language) -> str:
    """A day as people of the workbook's language write it."""
    day = date.fromisoformat(value)
    return f"{day:%d/%m/%Y}" if language is Language.PT else day.isoformat()


def _made(one: AssessedField, place: FieldPlace, definition: Definition) -> Iterator[CellValue]:
    if not one.is_na:
        yield from _answer(one, place, definition)
    verdict = Verdict.NA if one.is_na else one.verdict
    if verdict and (mark := place.marks.get(verdict.value)):
        yield _cell(mark.cell, mark.text)
    words = [one.facts.comment, one.facts.na_reason if one.is_na else None]
    if place.comment and any(words):
        yield _cell(place.comment, "\n".join(filter(None, words)))


def _answer(one: AssessedField, place: FieldPlace, definition: Definition) -> Iterator[CellValue]:
    field, value = one.field, one.facts.value
    if value is None:
        return
    if field.type.takes.cells and isinstance(value, Mapping):
        for key, ref in place.values.items():
            reading = value.get(key)
            if isinstance(reading, Mapping):
                yield _reading(ref, reading, field.unit)
        return
    ref = place.values.get("", "")
    if not ref:
        return
    if field.type.takes.limits and isinstance(value, Mapping):
        yield _reading(ref, value, field.unit)
    elif field.type.takes.day and isinstance(value, str):
        shown = day_in(value, definition.languages[0])
        yield CellValue.model_construct(
            sheet="", cell=ref, kind="date", value=value, unit=None, shown=shown
        )
    else:
        yield _cell(ref, _words(one, value, definition))


def _words(one: AssessedField, value: AnswerValue, definition: Definition) -> str:
    ids = value if isinstance(value, list) else [value]
    if one.field.type.takes.options:
        found = [one.field.option(str(option_id)) for option_id in ids]
        return ", ".join(option.label.first(definition.languages) for option in found if option)
    return str(value)


def _reading(ref: str, reading: Mapping[str, object], unit: str | None) -> CellValue:
    """The number that was judged; a bound such as ">200" stays as it was typed."""
    text = str(reading.get("text", ""))
    if text[:1] in "<>≤≥=" or not reading.get("decimal"):
        return _cell(ref, text)
    return CellValue.model_construct(
        sheet="", cell=ref, kind="number", value=str(reading["decimal"]), unit=unit, shown=""
    )


def _cell(ref: str, text: str) -> CellValue:
    return CellValue.model_construct(
        sheet="", cell=ref, kind="text", value=text, unit=None, shown=""
    )
