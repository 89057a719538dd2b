"""Worksheets as text by row and column, as a person sees them: hidden rows and columns left out.

Knows nothing of checklists. shown.py reads cells, grid.py one part of the file.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.definition.sentences import N_, Sentence, say
from app.definition.workbook.addresses import address, letters
from app.definition.workbook.besides import notices_of_objects, rich_kinds
from app.definition.workbook.grid import (
    LOOK_AHEAD_ROWS,
    MAX_COLUMNS,
    MAX_ROWS,
    USUAL,
    Grid,
    Place,
    Range,
    Reach,
    read_grid,
)
from app.definition.workbook.package import Package, Tab
from app.definition.workbook.problems import short
from app.definition.workbook.shown import ShownCell, Values

__all__ = [
    "MAX_COLUMNS",
    "MAX_ROWS",
    "Book",
    "Cell",
    "Reach",
    "VisibleSheet",
    "open_book",
    "sheet_titles",
]

# Up to this many hidden rows are quoted one by one.
_QUOTED_ROWS = 10

HIDDEN_ROW = N_(
    'Row %(row)s is hidden, so it was skipped: "%(text)s". If it belongs to '
    "the checklist, unhide it and upload again."
)
HIDDEN_ROWS = N_(
    "More hidden rows were skipped: %(rows)s. If they belong to the "
    "checklist, unhide them and upload again."
)
HIDDEN_COLUMNS = N_(
    "Hidden columns were skipped: %(columns)s. If they belong to the "
    "checklist, unhide them and upload again."
)
BENEATH_MERGED = N_('The merged cell hides "%(text)s" in %(cell)s, so that text was skipped.')
CONDITIONAL = N_(
    "Conditional formats in %(cells)s may show a different number or strike "
    "it out. The cells are read without these formats."
)
BEYOND = N_(
    "Cells to the right of column %(column)s or below row %(row)s are not "
    "read. The first is %(cell)s."
)


@dataclass(frozen=True, slots=True)
class Cell:
    """The shown text of a cell, and its address. `flaw` says why the text must not be used.

    `exact` is the text for number parsers: unambiguous if the cell holds a number. `remarks` say
    which part was left out, or shown differently from the stored value.
    """

    text: str
    ref: str
    flaw: Sentence | None = None
    exact: str = ""
    remarks: tuple[Sentence, ...] = ()
    struck: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class VisibleSheet:
    """A visible worksheet. Rows and columns count from 1; absent cells read as empty.

    `merged` maps each covered cell to the cell that shows the text of the merged range. `hidden`
    holds the first text of each hidden row. `notices` are remarks on the whole sheet, `lists` the
    ranges with a list of allowed answers, and `choices` these with the rule of each. `formulas` are
    the cells that the workbook computes. `is_cut`: there is text below the rows that are read.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]
    entries: Mapping[Place, ShownCell]
    merged: Mapping[Place, Place]
    hidden: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    notices: tuple[tuple[str, Sentence], ...] = ()
    lists: tuple[Range, ...] = ()
    choices: tuple[tuple[Range, str], ...] = ()
    formulas: frozenset[Place] = frozenset()
    is_cut: bool = False

    def cell(self, row: int, column: int, *, through_merge: bool = False) -> Cell:
        """The cell at (row, column); with `through_merge` also the text of a merged range."""
        if through_merge:
            top, left = self.merged.get((row, column), (row, column))
            row = top if left == column else row
        entry = self.entries.get((row, column))
        ref = address(row, column)
        if entry is None:
            return Cell("", ref)
        return Cell(
            entry.text, ref, entry.flaw, entry.exact, entry.remarks, entry.struck, entry.is_number
        )

    def row_cells(self, row: int) -> Iterator[tuple[int, Cell]]:
        """The non-empty cells of a row, as (column, cell)."""
        for column in range(1, len(self.rows[row - 1]) + 1):
            if (row, column) in self.entries:
                yield column, self.cell(row, column)

    def has_words(self) -> bool:
        return any(any(row) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Book:
    """The visible worksheets in order, and the titles of hidden sheets and sheets without cells."""

    sheets: tuple[VisibleSheet, ...]
    hidden: tuple[str, ...]
    without_cells: tuple[str, ...] = ()


def sheet_titles(data: bytes) -> tuple[str, ...]:
    """The titles of all sheets, also hidden ones, of a workbook that has passed the guard.

    Raises various errors on damaged files.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return tuple(tab.title for tab in Package(archive).tabs)


def open_book(data: bytes, reach: Reach = USUAL) -> Book:
    """Open a workbook that has passed the guard; formulas give their saved results.

    Raises various errors on damaged files.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        package = Package(archive)
        if not any(tab.part for tab in package.tabs):
            raise ValueError("the workbook has no sheets")
        values = Values(package, rich_kinds(package))
        shown = [tab for tab in package.tabs if tab.state == "visible" or reach.with_hidden]
        return Book(
            tuple(
                _sheet(package, tab, read_grid(package, tab, values, reach), reach)
                for tab in shown
                if tab.part
            ),
            tuple(tab.title for tab in package.tabs if tab.state != "visible"),
            tuple(tab.title for tab in shown if not tab.part),
        )


def _sheet(package: Package, tab: Tab, grid: Grid, reach: Reach) -> VisibleSheet:
    notices: list[tuple[str, Sentence]] = []
    merged = _merge(grid, notices, reach)
    hidden = _hide(grid, notices)
    if grid.beyond:
        column, cell = letters(reach.columns), grid.beyond
        notices.append((cell, say(BEYOND, column=column, row=LOOK_AHEAD_ROWS, cell=cell)))
    if grid.conditional:
        notices.append(("", say(CONDITIONAL, cells=short(" ".join(grid.conditional)))))
    return VisibleSheet(
        name=tab.title,
        rows=_rows(grid.cells),
        entries=grid.cells,
        merged=merged,
        hidden=hidden,
        notices=(*notices, *notices_of_objects(package, tab, grid.pictures)),
        lists=tuple(grid.lists),
        choices=tuple(grid.choices),
        formulas=frozenset(grid.formulas),
        is_cut=grid.is_cut,
    )


def _rows(cells: Mapping[Place, ShownCell]) -> tuple[tuple[str, ...], ...]:
    if not cells:
        return ()
    height = max(row for row, _ in cells)
    width = max(column for _, column in cells)
    rows = [[""] * width for _ in range(height)]
    for (row, column), entry in cells.items():
        rows[row - 1][column - 1] = entry.text
    return tuple(map(tuple, rows))


def _merge(grid: Grid, notices: list[tuple[str, Sentence]], reach: Reach) -> dict[Place, Place]:
    """Move the text of each merged range to its first visible cell.

    Raises ValueError if ranges overlap, which Excel rejects: moving could otherwise never end.
    """
    covered: dict[Place, Place] = {}
    steps = 0
    for bounds in grid.merged:
        rows, columns = _within(bounds, reach)
        steps += len(rows) * len(columns)
        if steps > reach.rows * reach.columns:
            raise ValueError("merged ranges overlap")
        rows = [row for row in rows if row not in grid.hidden_rows]
        columns = [column for column in columns if column not in grid.hidden_columns]
        if not rows or not columns:
            continue
        anchor = (rows[0], columns[0])
        words = grid.cells.pop((bounds[1], bounds[0]), None)
        for place in ((row, column) for row in rows for column in columns):
            if beneath := grid.cells.pop(place, None):
                _note_beneath(anchor, place, beneath, notices)
            if place != anchor:
                covered[place] = anchor
        if words:
            grid.cells[anchor] = words
    return covered


def _within(bounds: Range, reach: Reach) -> tuple[Sequence[int], Sequence[int]]:
    """The rows and columns of a range, limited to those that are read."""
    left, top, right, bottom = bounds
    return range(top, min(bottom, reach.rows) + 1), range(left, min(right, reach.columns) + 1)


def _note_beneath(
    anchor: Place, place: Place, entry: ShownCell, notices: list[tuple[str, Sentence]]
) -> None:
    if entry.text:
        sentence = say(BENEATH_MERGED, text=short(entry.text), cell=address(*place))
        notices.append((address(*anchor), sentence))


def _hide(grid: Grid, notices: list[tuple[str, Sentence]]) -> dict[int, dict[int, str]]:
    """Remove the cells of hidden rows and columns; return the text of the hidden rows."""
    rows: dict[int, dict[int, str]] = {}
    columns: dict[int, str] = {}
    for place in sorted(grid.cells):
        row, column = place
        if column in grid.hidden_columns:
            columns.setdefault(column, grid.cells.pop(place).text)
        elif row in grid.hidden_rows:
            rows.setdefault(row, {})[column] = grid.cells.pop(place).text
    for row in list(rows)[:_QUOTED_ROWS]:
        column = next(iter(rows[row]))
        words = " · ".join(filter(None, rows[row].values()))
        ref = address(row, column)
        notices.append((ref, say(HIDDEN_ROW, row=row, text=short(words))))
    if rest := list(rows)[_QUOTED_ROWS:]:
        notices.append((f"A{rest[0]}", say(HIDDEN_ROWS, rows=_spans(rest))))
    if columns:
        names = ", ".join(f"{letters(one)} ({short(words)})" for one, words in columns.items())
        ref = address(1, next(iter(columns)))
        notices.append((ref, say(HIDDEN_COLUMNS, columns=names)))
    return rows


def _spans(numbers: Sequence[int]) -> str:
    """`3, 5-9` for ascending numbers."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in spans)
