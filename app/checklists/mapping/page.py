"""What the page of a mapping shows: one sheet of cells beside what they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.definition.mapping.guessed import (
    BlockGuess,
    ColumnGuess,
    Correction,
    MappedChecklist,
    PartGuess,
    SheetGuess,
    Target,
)
from app.definition.mapping.guessed import Mapping as Mapped
from app.definition.schema import Field, Language
from app.definition.sentences import Sentence, say
from app.definition.workbook.addresses import letters
from app.definition.workbook.ids import plain_words
from app.models import ClientWorkbook
from app.web.locale import reading_order

MOST_NOTES = 60


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column of the shown sheet; `guess` is None outside of tables, `key` names its choice."""

    name: str
    number: int
    key: str = ""
    guess: ColumnGuess | None = None


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of cells, with the heads of a table's columns if one ends here, and the row's part."""

    number: int
    cells: Sequence[str]
    part: PartGuess | None
    columns: Sequence[ShownColumn] = ()


@dataclass(frozen=True, slots=True)
class MappedField:
    """A question and the cells that its answer returns to."""

    field: Field
    cells: str

    @property
    def kind(self) -> str:
        """Its key in words.ROWS."""
        return "select" if self.field.options else self.field.type.value


@dataclass(frozen=True, slots=True)
class Note:
    sheet: str
    cell: str
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class MappingPage:
    workbook: ClientWorkbook
    mapping: Mapped
    sheet: SheetGuess
    rows: Sequence[ShownRow]
    names: Sequence[str]
    labels: Sequence[PartGuess]
    notes: Sequence[Note]

    @property
    def languages(self) -> tuple[Language, ...]:
        return reading_order((self.mapping.language,))

    def questions(self, one: MappedChecklist) -> Iterator[tuple[str, list[MappedField]]]:
        """The sections with their questions; info fields first, under an empty title."""
        if one.definition.info_fields:
            yield "", [_mapped(one, field) for field in one.definition.info_fields]
        for section in one.definition.sections:
            title = section.title.first(self.languages)
            yield title, [_mapped(one, field) for field in section.fields]


def page_of(workbook: ClientWorkbook, mapping: Mapped, name: str) -> MappingPage:
    """The page with the sheet of this name, else with the first that is read."""
    read = [one for one in mapping.sheets if one.kind.value in ("form", "matrix")]
    named = [one for one in mapping.sheets if one.name == name]
    sheet = (named or read or list(mapping.sheets))[0]
    width = max((len(row) for row in sheet.cells), default=0)
    parts = {one.row: one for one in sheet.parts if one.is_row}
    heads = {block.bottom: block for block in sheet.blocks if block.bottom}
    rows = [
        ShownRow(number, row, parts.get(number), _columns(heads.get(number), width))
        for number, row in enumerate(sheet.cells, 1)
    ]
    notes = [
        Note(one.sheet, one.cell, say(one.msgid, **one.params)) for one in mapping.told[:MOST_NOTES]
    ]
    return MappingPage(
        workbook=workbook,
        mapping=mapping,
        sheet=sheet,
        rows=rows,
        names=[letters(number) for number in range(1, width + 1)],
        labels=[one for one in sheet.parts if not one.is_row],
        notes=notes,
    )


def chosen(sheet: SheetGuess, form: Mapping[str, str]) -> list[Correction]:
    """What somebody chose otherwise than the guess, from the selects of one sheet's form."""
    found = []
    if form.get("sheet", sheet.kind) != sheet.kind:
        found.append(_correction(Target.SHEET, sheet.name, "", "", form["sheet"]))
    for block in sheet.blocks:
        for column in block.columns:
            choice = form.get(f"column-{block.bottom}-{column.column}", column.role)
            if choice != column.role:
                at = letters(column.column)
                found.append(_correction(Target.COLUMN, "", at, column.label, choice))
    for part in sheet.parts:
        choice = form.get(f"{'row' if part.is_row else 'cell'}-{part.ref}", part.kind)
        if choice != part.kind:
            target, at = (Target.ROW, str(part.row)) if part.is_row else (Target.CELL, part.ref)
            found.append(_correction(target, sheet.name, at, part.label, choice))
    return found


def _correction(target: Target, sheet: str, at: str, label: str, choice: str) -> Correction:
    return Correction(target=target, sheet=sheet, at=at, words=plain_words(label), choice=choice)


def _columns(block: BlockGuess | None, width: int) -> Sequence[ShownColumn]:
    if block is None:
        return ()
    guesses = {one.column: one for one in block.columns}
    return [
        ShownColumn(letters(number), number, f"column-{block.bottom}-{number}", guesses.get(number))
        for number in range(1, width + 1)
    ]


def _mapped(one: MappedChecklist, field: Field) -> MappedField:
    place = one.places.fields.get(field.id)
    if place is None:
        return MappedField(field, "")
    cells = [*place.values.values(), *(mark.cell for mark in place.marks.values())]
    cells = list(dict.fromkeys([*cells, *([place.comment] if place.comment else [])]))
    text = ", ".join(cells)
    return MappedField(field, f"{place.sheet} {text}".strip() if cells else "")
