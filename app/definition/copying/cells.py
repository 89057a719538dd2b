"""Patches cells in the bytes of a worksheet part: everything else of the part stays as it is.

Values are written as ASCII with character references, so the encoding of the part does not matter.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from app.definition.workbook.addresses import address, bounds, number

_ROOT = re.compile(rb"<(?:(?P<prefix>[\w.-]+):)?worksheet[\s>]")
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,3})([0-9]{0,7})["']""")
_STYLE = re.compile(rb"""\bs\s*=\s*["']([0-9]+)["']""")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Unpatchable(ValueError):
    """The part is not written as spreadsheet programs write it."""


@dataclass(frozen=True, slots=True)
class NewCell:
    """The content of one cell: a number as XML writes it, or a text."""

    text: str
    is_number: bool = False


Place = tuple[int, int]


class SheetPart:
    """One worksheet part. `styles` are those of its columns, for cells that are not there yet."""

    def __init__(self, part: bytes) -> None:
        root = _ROOT.search(part)
        if root is None or b"<!--" in part or b"<![CDATA[" in part:
            raise Unpatchable
        self.part = part
        self.prefix = root["prefix"] + b":" if root["prefix"] else b""
        name = re.escape(self.prefix)
        self._row = re.compile(
            rb"<" + name + rb"row\b(?P<head>[^>]*?)(?:/>|>(?P<cells>.*?)</" + name + rb"row>)", re.S
        )
        self._cell = re.compile(
            rb"<" + name + rb"c\b(?P<head>[^>]*?)(?:/>|>(?P<inner>.*?)</" + name + rb"c>)", re.S
        )

        self._styles: dict[Place, int] = {}
        self._row_styles: dict[int, int] = {}
        self._column_styles: list[tuple[int, int, int]] = []
        self._read_styles()

    def style(self, row: int, column: int) -> int:
        """The style of a cell, else that of its row or column."""
        return self._styles.get((row, column), self._default(row, column))

    def fill(self, cells: Mapping[Place, NewCell]) -> bytes:
        """The part with these cells. Raises Unpatchable."""
        name = re.escape(self.prefix)
        data = re.search(
            rb"<" + name + rb"sheetData\b[^>]*?(?:/>|>(?P<rows>.*?)</" + name + rb"sheetData>)",
            self.part,
            re.S,
        )
        if data is None:
            raise Unpatchable
        by_row: dict[int, dict[int, NewCell]] = defaultdict(dict)
        for (row, column), cell in cells.items():
            by_row[row][column] = cell
        rows = self._fill_rows(data["rows"] or b"", by_row)
        whole = b"<%ssheetData>%s</%ssheetData>" % (self.prefix, rows, self.prefix)
        if data["rows"] is not None:
            start, end = data.span("rows")
            return self.part[:start] + rows + self.part[end:]
        return self.part[: data.start()] + whole + self.part[data.end() :]

    def _fill_rows(self, rows: bytes, wanted: dict[int, dict[int, NewCell]]) -> bytes:
        made: list[bytes] = []
        place = last = 0
        for match in self._row.finditer(rows):
            made.append(rows[place : match.start()])
            place = match.end()
            row = _row_number(match["head"], last)
            made += [self._new_row(one, wanted.pop(one)) for one in sorted(wanted) if one < row]
            change = wanted.pop(row, None)
            made.append(self._changed_row(match, row, change) if change else match[0])
            last = row
        made.append(rows[place:])
        made += [self._new_row(one, wanted.pop(one)) for one in sorted(wanted)]
        return b"".join(made)

    def _new_row(self, row: int, cells: Mapping[int, NewCell]) -> bytes:
        inner = b"".join(self._new_cell(row, one, cells[one]) for one in sorted(cells))
        return b'<%srow r="%d">%s</%srow>' % (self.prefix, row, inner, self.prefix)

    def _changed_row(self, match: re.Match[bytes], row: int, wanted: dict[int, NewCell]) -> bytes:
        cells, made = match["cells"] or b"", list[bytes]()
        place = last = 0
        for cell in self._cell.finditer(cells):
            made.append(cells[place : cell.start()])
            place = cell.end()
            column = _column_number(cell["head"], last)
            made += [self._new_cell(row, n, wanted.pop(n)) for n in sorted(wanted) if n < column]
            new = wanted.pop(column, None)
            style = _STYLE.search(cell["head"])
            made.append(
                self._written(row, column, new, int(style[1]) if style else None)
                if new
                else cell[0]
            )
            last = column
        made.append(cells[place:])
        made += [self._new_cell(row, n, wanted.pop(n)) for n in sorted(wanted)]
        head = match["head"].rstrip()
        return b"<%srow%s>%s</%srow>" % (self.prefix, head, b"".join(made), self.prefix)

    def _new_cell(self, row: int, column: int, cell: NewCell) -> bytes:
        return self._written(row, column, cell, self._default(row, column) or None)

    def _written(self, row: int, column: int, cell: NewCell, style: int | None) -> bytes:
        p = self.prefix
        styled = b' s="%d"' % style if style is not None else b""
        head = b'<%sc r="%s"%s' % (p, address(row, column).encode(), styled)
        if cell.is_number:
            return b"%s><%sv>%s</%sv></%sc>" % (head, p, cell.text.encode(), p, p)
        text = xml_text(cell.text)
        return b'%s t="inlineStr"><%sis><%st xml:space="preserve">%s</%st></%sis></%sc>' % (
            head, p, p, text, p, p, p
        )  # fmt: skip

    def _default(self, row: int, column: int) -> int:
        if row in self._row_styles:
            return self._row_styles[row]
        return next((style for low, high, style in self._column_styles if low <= column <= high), 0)

    def _read_styles(self) -> None:
        last = 0
        for match in self._row.finditer(self.part):
            last, column = _row_number(match["head"], last), 0
            if re.search(rb"""customFormat\s*=\s*["'](?:1|true)["']""", match["head"]):
                self._row_styles[last] = _style_of(match["head"])
            for cell in self._cell.finditer(match["cells"] or b""):
                column = _column_number(cell["head"], column)
                self._styles[last, column] = _style_of(cell["head"])
        for match in re.finditer(rb"<" + re.escape(self.prefix) + rb"col\b([^>]*)>", self.part):
            marks = dict(re.findall(rb"""(\w+)\s*=\s*["']([^"']*)["']""", match[1]))
            low, high, style = (int(marks.get(one, b"0")) for one in (b"min", b"max", b"style"))
            self._column_styles.append((low, high, style))


def xml_text(text: str) -> bytes:
    """A text for XML of any encoding; characters that XML cannot hold are left out."""
    return escape(_CONTROL.sub("", text)).encode("ascii", "xmlcharrefreplace")


def place_of(cell: str) -> Place:
    column, row, _, _ = bounds(cell)
    return row, column


def _style_of(head: bytes) -> int:
    match = _STYLE.search(head)
    return int(match[1]) if match else 0


def _row_number(head: bytes, last: int) -> int:
    match = re.search(rb"""\br\s*=\s*["']([0-9]{1,7})["']""", head)
    return int(match[1]) if match else last + 1


def _column_number(head: bytes, last: int) -> int:
    match = _REFERENCE.search(head)
    return number(match[1].decode()) if match and match[1] else last + 1
