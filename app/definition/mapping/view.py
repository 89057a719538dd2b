"""A worksheet as a person looks at it: what a place shows, where a cell ends, what is free."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property

from app.definition.workbook.addresses import address, letters
from app.definition.workbook.grid import Place
from app.definition.workbook.sheet import MAX_COLUMNS, MAX_ROWS, VisibleSheet

# A box to fill in, drawn with characters.
_BLANKS = str.maketrans("", "", "_.…/ \u2026-:()[]☐□\n")


class View:
    """One sheet. Rows and columns count from 1; a merged range counts as its first cell."""

    def __init__(self, sheet: VisibleSheet) -> None:
        self.sheet = sheet
        self.name = sheet.name
        self.height = len(sheet.rows)

    @cached_property
    def width(self) -> int:
        columns = [column for _, column in self.sheet.entries]
        columns += [column for _, column in self.sheet.merged]
        return min(max(columns, default=0), MAX_COLUMNS)

    @cached_property
    def _extents(self) -> Mapping[Place, Place]:
        """The last cell of each merged range, by its first."""
        ends: dict[Place, Place] = {}
        for (row, column), anchor in self.sheet.merged.items():
            last_row, last_column = ends.get(anchor, anchor)
            ends[anchor] = max(last_row, row), max(last_column, column)
        return ends

    @cached_property
    def _columns(self) -> Mapping[int, list[int]]:
        filled: dict[int, list[int]] = defaultdict(list)
        for (row, column), entry in sorted(self.sheet.entries.items()):
            if entry.text:
                filled[row].append(column)
        return filled

    def anchor(self, row: int, column: int) -> Place:
        return self.sheet.merged.get((row, column), (row, column))

    def end(self, row: int, column: int) -> Place:
        """The last row and column of the cell that begins there."""
        return self._extents.get((row, column), (row, column))

    def text(self, row: int, column: int) -> str:
        """What the cell that begins there shows; "" if one with a flaw."""
        entry = self.sheet.entries.get((row, column))
        return entry.text if entry and not entry.flaw else ""

    def exact(self, row: int, column: int) -> str:
        entry = self.sheet.entries.get((row, column))
        return (entry.exact or entry.text) if entry and not entry.flaw else ""

    def shown(self, row: int, column: int) -> str:
        """What is seen there, also in the middle of a merged range."""
        return self.text(*self.anchor(row, column))

    def is_formula(self, row: int, column: int) -> bool:
        return (row, column) in self.sheet.formulas

    def is_free(self, row: int, column: int) -> bool:
        """Whether somebody can write there: nothing or only a blank line stands in the cell."""
        if not (1 <= row <= MAX_ROWS and 1 <= column <= MAX_COLUMNS):
            return False
        if self.anchor(row, column) != (row, column) or self.is_formula(row, column):
            return False
        entry = self.sheet.entries.get((row, column))
        return entry is None or not (entry.flaw or entry.text.translate(_BLANKS))

    def filled(self, row: int) -> list[int]:
        """The columns of the texts of a row."""
        return self._columns.get(row, [])

    def right_of(self, row: int, column: int) -> int:
        """The column beside the cell that begins there."""
        return self.end(row, column)[1] + 1

    def texts(self, first: int = 1, last: int | None = None) -> Iterator[tuple[int, int, str]]:
        for row in range(first, (last or self.height) + 1):
            for column in self.filled(row):
                yield row, column, self.text(row, column)

    def choices(self, row: int, column: int) -> tuple[str, ...]:
        """The words that a list beside the cell offers, if the rule itself has them."""
        for (left, top, right, bottom), rule in self.sheet.choices:
            is_inside = left <= column <= right and top <= row <= bottom
            if is_inside and rule.startswith('"') and rule.endswith('"'):
                return tuple(filter(None, (one.strip() for one in rule[1:-1].split(","))))
        return ()


def ref(row: int | None, column: int | None) -> str:
    """ "C14", or only the half that is known."""
    if row is not None and column is not None:
        return address(row, column)
    return letters(column) if column is not None else str(row or "")
