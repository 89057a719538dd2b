"""The rows of the survey, choices and settings sheets as cells by meaning and language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from app.definition.workbook.problems import Log
from app.definition.workbook.sheet import Cell, VisibleSheet
from app.definition.xlsform.columns import (
    TRANSLATED,
    Column,
    Head,
    Part,
    language_key,
)
from app.definition.xlsform.exact import shown

Key = tuple[Part, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `cells` is by part and language key, `own` by the name of our own column.

    `others` are the filled cells that have no meaning here, with their columns.
    """

    sheet: str
    number: int
    cells: Mapping[Key, Cell]
    own: Mapping[str, Cell]
    others: Sequence[tuple[Column, Cell]]

    def cell(self, part: Part) -> Cell | None:
        """The cell of a part without a language, else its first one."""
        return next((cell for (one, _), cell in self.cells.items() if one is part), None)

    def text(self, part: Part) -> str:
        cell = self.cell(part)
        return cell.text if cell else ""

    def ref(self, part: Part) -> str:
        """The address of a part's cell, else that of the row."""
        cell = self.cell(part)
        return cell.ref if cell else f"A{self.number}"

    def words(self, part: Part) -> dict[str, str]:
        """The texts of a part by language key."""
        return {key: cell.text for (one, key), cell in self.cells.items() if one is part}

    def own_text(self, name: str) -> str:
        cell = self.own.get(name)
        return cell.text if cell else ""


@dataclass(slots=True)
class Rows:
    """The rows of a sheet below its head, without empty ones."""

    sheet: str
    head: Head
    rows: list[Row] = field(default_factory=list)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


Exact = Mapping[tuple[str, str], str]
"""Texts that the shown cells cannot tell exactly, by title of the sheet and address."""


def read_rows(
    sheet: VisibleSheet, head: Head, default: str, log: Log, exact: Exact = MappingProxyType({})
) -> Rows:
    """`default` is the language of columns that name none. Flaws of cells become problems."""
    found = Rows(sheet.name, head)
    columns = {column.index: column for column in head.columns}
    default_key = language_key(default)
    for number in range(head.row + 1, len(sheet.rows) + 1):
        cells: dict[Key, Cell] = {}
        own: dict[str, Cell] = {}
        others: list[tuple[Column, Cell]] = []
        row = Row(sheet.name, number, cells, own, others)
        for index, column in columns.items():
            cell = _exact(sheet.name, sheet.cell(number, index), exact)
            if not _is_usable(sheet, cell, log):
                continue
            if column.part is Part.OWN:
                own[column.title.strip().lower()] = cell
            elif column.part is Part.OTHER:
                others.append((column, cell))
            elif earlier := _put(cells, column, cell, default_key):
                others.append((column, earlier))
        if cells or own or others:
            found.rows.append(row)
    return found


def _exact(title: str, cell: Cell, exact: Exact) -> Cell:
    """The cell with its exact text, unless somebody has changed what it shows since."""
    text = exact.get((title, cell.ref))
    if text and shown(text) == cell.text:
        return replace(cell, text=text)
    return cell


def _put(cells: dict[Key, Cell], column: Column, cell: Cell, default: str) -> Cell | None:
    """Add the cell; returns the one that another column of the same meaning makes superfluous.

    A column that names the default language outweighs one without a name.
    """
    key = column.key or (default if column.part in TRANSLATED else "")
    earlier = cells.get((column.part, key))
    if earlier is None or column.language:
        cells[column.part, key] = cell
        return earlier
    return cell


def _is_usable(sheet: VisibleSheet, cell: Cell, log: Log) -> bool:
    if cell.flaw:
        log.problem(sheet.name, cell.ref, cell.flaw)
    for remark in cell.remarks:
        log.notice(sheet.name, cell.ref, remark)
    return bool(cell.text and not cell.flaw)
