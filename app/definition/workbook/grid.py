"""Reads one worksheet part: the cells, and what the sheet hides, merges and validates.

sheet.py lays out the visible cells; shown.py reads their values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from app.definition.workbook.addresses import address, bounds, number
from app.definition.workbook.package import Package, Tab, is_on, local
from app.definition.workbook.shown import ShownCell, Values

MAX_ROWS = 1_000
MAX_COLUMNS = 50
# Rows after MAX_ROWS, up to this one, are searched for text that would be lost unnoticed.
LOOK_AHEAD_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Reach:
    """How much of a worksheet is read. Text beyond it is looked for down to row `LOOK_AHEAD_ROWS`.

    `with_hidden` reads hidden sheets, rows and columns like visible ones.
    """

    rows: int = MAX_ROWS
    columns: int = MAX_COLUMNS
    with_hidden: bool = False


USUAL = Reach()

Place = tuple[int, int]
Range = tuple[int, int, int, int]

_REFERENCE = re.compile(r"([A-Za-z]{1,3})[0-9]{1,7}")
# Elements kept until their parent element ends.
_INNER = frozenset(
    {"v", "f", "is", "t", "r", "rPr", "strike", "rPh", "sqref", "c", "phoneticPr", "formula1"}
)


@dataclass(slots=True)
class Grid:
    """The content of one worksheet by (row, column), counted from 1.

    `conditional` are the ranges whose conditional formats may change or strike a number. `pictures`
    are the addresses of cells with a picture. `lists` are the ranges with a list of valid answers;
    `choices` has the rule of each: '"Pass,Fail"' or a reference. `formulas` are the cells that the
    workbook computes. `beyond` is the first cell with text outside the rows and columns that are
    read.
    """

    cells: dict[Place, ShownCell] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[Range] = field(default_factory=list)
    lists: list[Range] = field(default_factory=list)
    choices: list[tuple[Range, str]] = field(default_factory=list)
    formulas: set[Place] = field(default_factory=set)
    pictures: list[str] = field(default_factory=list)
    is_cut: bool = False
    beyond: str = ""
    conditional: list[str] = field(default_factory=list)


def read_grid(package: Package, tab: Tab, values: Values, reach: Reach = USUAL) -> Grid:
    grid = Grid()
    reader = _Reader(grid, values, package.changing, reach)
    for element in package.ends(tab.part):
        reader.take(element)
    return grid


@dataclass(slots=True)
class _Reader:
    grid: Grid
    values: Values
    changing: frozenset[str]
    reach: Reach = USUAL
    shows_zeros: bool = True
    row: int = 0
    is_changed: bool = False

    def take(self, element: Element) -> None:
        name = local(element.tag)
        if name in _INNER:
            return
        if name == "row":
            self._take_row(element)
        elif name == "col":
            self._take_column(element)
        elif name == "mergeCell":
            self.grid.merged.append(bounds(element.get("ref", "")))
        elif name == "cfRule":
            self.is_changed |= element.get("dxfId") in self.changing
        elif name == "conditionalFormatting":
            self.grid.conditional += [_places(element)] if self.is_changed else []
            self.is_changed = False
        elif name == "dataValidation" and element.get("type") == "list":
            ranges = [bounds(one) for one in _places(element).split()]
            self.grid.lists += ranges
            self.grid.choices += [(one, _rule(element)) for one in ranges]
        elif name == "sheetView" and element.get("showZeros", "1") in ("0", "false"):
            self.shows_zeros = False
        element.clear()

    def _take_column(self, element: Element) -> None:
        if self._is_hidden(element, "width"):
            first, last = int(element.get("min", 1)), int(element.get("max", 1))
            self.grid.hidden_columns.update(range(first, min(last, self.reach.columns) + 1))

    def _is_hidden(self, element: Element, size: str) -> bool:
        if self.reach.with_hidden:
            return False
        return is_on(element.get("hidden")) or element.get(size) in ("0", "0.0")

    def _take_row(self, element: Element) -> None:
        self.row = int(element.get("r", self.row + 1))
        is_hidden = self._is_hidden(element, "ht")
        if is_hidden:
            self.grid.hidden_rows.add(self.row)
        if self.row > self.reach.rows:
            if not is_hidden:
                self._pass_row(element)
            return
        column = 0
        for cell in element:
            match = _REFERENCE.fullmatch(cell.get("r", ""))
            column = number(match[1]) if match else column + 1
            self._take_cell(cell, column)

    def _pass_row(self, element: Element) -> None:
        """Note text in a row that is not read: near the limit as cut, far below as stray."""
        grid = self.grid
        if grid.is_cut or (grid.beyond and self.row > LOOK_AHEAD_ROWS):
            return
        if any(self._entry(cell).text for cell in element):
            if self.row > LOOK_AHEAD_ROWS:
                grid.beyond = f"A{self.row}"
            grid.is_cut = self.row <= LOOK_AHEAD_ROWS

    def _take_cell(self, cell: Element, column: int) -> None:
        if not len(cell):
            return
        if column <= MAX_COLUMNS and any(local(child.tag) == "f" for child in cell):
            self.grid.formulas.add((self.row, column))
        entry = self._entry(cell)
        if entry.is_picture:
            self.grid.pictures.append(address(self.row, column))
        elif column > self.reach.columns:
            if entry.text and not self.grid.beyond:
                self.grid.beyond = address(self.row, column)
        elif entry.is_filled:
            self.grid.cells[self.row, column] = entry

    def _entry(self, cell: Element) -> ShownCell:
        return self.values.entry(cell, shows_zeros=self.shows_zeros)


def _places(rule: Element) -> str:
    """The ranges of a rule; the newer form has them in a child element."""
    inner = next((one.text for one in rule.iter() if local(one.tag) == "sqref"), None)
    return rule.get("sqref") or inner or ""


def _rule(element: Element) -> str:
    """The list of a validation as the file has it; the newer form has it in a child's child."""
    found = next((one for one in element.iter() if local(one.tag) == "formula1"), None)
    return "".join(found.itertext()).strip() if found is not None else ""
