"""Files of several sheets, filled one after another: a workbook, or a ZIP with a CSV per sheet.

Rows go straight to disk, so a file is never held in memory. A cell is None, a text, a number (a
Decimal keeps all its digits), a date, a time, a datetime, a Link or Marked. Text never becomes a
formula. The features decide what is in the sheets.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Protocol
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from app.slow_work import slow_work
from app.web.sheets import csv_cell, escape_formulas, fit_to_cell

A4 = 9  # the workbook format's code for the paper size
MAX_ROWS, MAX_COLUMNS, MAX_TITLE = 1_048_576, 16_384, 31
# openpyxl keeps links in memory until it saves; further links are written as plain text.
MAX_LINKS = 10_000
# Total column width, in characters, that is still readable on one landscape page.
PRINTED_WIDTH = 160
# Columns of at least this width wrap their text; rows grow up to MAX_LINES lines.
WRAPPED_WIDTH, MAX_LINES, LINE_POINTS = 24, 12, 15
UNFIT = re.compile(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff\ufffe\uffff]")
PLAIN_NAME = re.compile(r"[^A-Za-z0-9._-]")

HEAD_FONT = Font(name="Calibri", size=11, bold=True, color="FF1F2937")
HEAD_FILL = PatternFill("solid", fgColor="FFE5E9F0")
HEAD_BORDER = Border(bottom=Side("medium", color="FF64748B"))
TOP = Alignment(vertical="top")
LEFT = Alignment(horizontal="left", indent=1, vertical="top")
WRAPPED = Alignment(horizontal="left", indent=1, vertical="top", wrap_text=True)
BAD = Font(name="Calibri", size=11, bold=True, color="FFB42318")
LINK = Font(name="Calibri", size=11, color="FF1D4ED8", underline="single")
FORMATS = {datetime: "yyyy-mm-dd hh:mm:ss", date: "yyyy-mm-dd", time: "hh:mm"}


class BookFull(ValueError):
    """A workbook sheet cannot hold that many rows or columns."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: its heading and its width in characters. An `is_mixed` column holds values of
    several types and is left-aligned."""

    words: str
    width: int = 14
    is_mixed: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A hyperlink."""

    url: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A value that is highlighted: Not OK, out of limits."""

    value: Any


class BookSheet(Protocol):
    """One sheet; `count` is the number of rows without the heading."""

    count: int

    def add(self, row: Iterable[Any]) -> None: ...


class Book(Protocol):
    def add_sheet(self, title: str, name: str, headings: Sequence[Heading]) -> BookSheet:
        """Add a sheet. `title` is for people, `name` for the file name. Raises BookFull."""

    def save(self) -> None:
        """Finish the file."""

    def close(self) -> None:
        """Remove all temporary files."""


class XlsxBook:
    """A workbook with frozen headings, filters and print settings."""

    def __init__(self, path: Path, zone: str) -> None:
        self._path, self._zone = path, ZoneInfo(zone)
        self._book = Workbook(write_only=True)
        self._titles: set[str] = set()
        self._sheets: list[XlsxSheet] = []

    def add_sheet(self, title: str, name: str, headings: Sequence[Heading]) -> XlsxSheet:
        if len(headings) > MAX_COLUMNS:
            raise BookFull(title)
        sheet = self._book.create_sheet(self._own_title(title))
        self._sheets.append(XlsxSheet(sheet, headings, self._zone))
        return self._sheets[-1]

    @slow_work
    def save(self) -> None:
        self._book.save(self._path)

    def close(self) -> None:
        """openpyxl writes each sheet to a temporary file and leaves it there after a failure."""
        for sheet in self._sheets:
            with suppress(OSError):
                sheet.close()

    def _own_title(self, title: str) -> str:
        """A title that is unique in the workbook, ignoring case."""
        plain = UNFIT.sub("_", title).strip("' ")[:MAX_TITLE] or "_"
        own, turn = plain, 1
        while own.casefold() in self._titles:
            turn += 1
            end = f" ({turn})"
            own = plain[: MAX_TITLE - len(end)] + end
        self._titles.add(own.casefold())
        return own


class XlsxSheet:
    def __init__(self, sheet: Any, headings: Sequence[Heading], zone: tzinfo) -> None:
        self.count = 0
        self._sheet, self._zone, self._links = sheet, zone, 0
        self._styles: dict[tuple[Any, ...], Any] = {}
        self._headings = headings
        _set_up(sheet, headings)
        self._append(
            [self._text(heading.words, is_head=True, wraps=True) for heading in headings],
            _lines([heading.words for heading in headings], headings, wrapped_width=0),
        )

    def add(self, row: Iterable[Any]) -> None:
        if self.count + 2 > MAX_ROWS:
            raise BookFull(self._sheet.title)
        self.count += 1
        values = list(row)
        cells = [self._cell(value, at) for at, value in enumerate(values)]
        self._append(cells, _lines(values, self._headings))

    def _append(self, cells: list[Any], lines: int) -> None:
        """Set the row height here: not all programs compute it for wrapped lines."""
        at = self.count + 1
        if lines > 1:
            self._sheet.row_dimensions[at].height = min(lines, MAX_LINES) * LINE_POINTS
        self._sheet.append(cells)
        self._sheet.row_dimensions.pop(at, None)

    def close(self) -> None:
        """Remove openpyxl's temporary file. Raises OSError if openpyxl cannot finish writing it."""
        written = self._sheet._writer
        try:
            if not self._sheet.closed:
                self._sheet.close()
        finally:
            Path(written.out).unlink(missing_ok=True)

    def _cell(self, value: Any, at: int, *, is_bad: bool = False) -> Any:
        if value is None or value == "":
            return None
        if isinstance(value, Marked):
            return self._cell(value.value, at, is_bad=True)
        if isinstance(value, Link):
            return self._link(value.url)
        if isinstance(value, str):
            wraps = self._headings[at].width >= WRAPPED_WIDTH
            return self._text(value, is_bad=is_bad, wraps=wraps)
        is_left = self._headings[at].is_mixed
        if isinstance(value, int | float | Decimal):
            return self._number(value, is_bad, is_left)
        kind = next(one for one in FORMATS if isinstance(value, one))
        if isinstance(value, datetime) and value.tzinfo:
            value = value.astimezone(self._zone).replace(tzinfo=None)
        cell = WriteOnlyCell(self._sheet, value)
        return self._styled(cell, FORMATS[kind], is_bad, is_left=is_left)

    def _number(self, value: int | float | Decimal, is_bad: bool, is_left: bool) -> Any:
        cell: Any = WriteOnlyCell(self._sheet, 0)
        # Written as text into the XML: openpyxl would cut the number to 16 digits. A program that
        # reads the file takes the nearest number that it can represent.
        cell._value = format(value, "f") if isinstance(value, Decimal) else str(value)
        return self._styled(cell, "General", is_bad, is_left=is_left)

    def _text(
        self, text: str, *, is_bad: bool = False, is_head: bool = False, wraps: bool = False
    ) -> Any:
        clean = fit_to_cell(text)
        cell: Any = WriteOnlyCell(self._sheet)
        # Set the type explicitly: openpyxl would turn text that begins with = into a formula.
        cell._value, cell.data_type = clean, "s"
        # The quote prefix keeps it text when the cell is edited or the sheet is saved as CSV.
        is_risky = escape_formulas(clean) != clean
        return self._styled(cell, "General", is_bad, is_risky, is_head, wraps, is_left=True)

    def _link(self, url: str) -> Any:
        if self._links >= MAX_LINKS:
            return self._text(url)
        self._links += 1
        cell = WriteOnlyCell(self._sheet, url)
        cell.hyperlink = url
        cell.font, cell.alignment = LINK, LEFT
        return cell

    def _styled(
        self,
        cell: Any,
        number_format: str,
        is_bad: bool,
        is_risky: bool = False,
        is_head: bool = False,
        wraps: bool = False,
        *,
        is_left: bool,
    ) -> Any:
        """Cache each style: openpyxl spends more time looking styles up than writing cells."""
        key = (number_format, is_bad, is_risky, is_head, wraps, is_left)
        if key not in self._styles:
            cell.number_format = number_format
            cell.quotePrefix = is_risky
            cell.alignment = WRAPPED if wraps else LEFT if is_left else TOP
            if is_bad:
                cell.font = BAD
            if is_head:
                cell.font, cell.fill, cell.border = HEAD_FONT, HEAD_FILL, HEAD_BORDER
            self._styles[key] = cell._style
        cell._style = self._styles[key]
        return cell


def _lines(
    values: Sequence[Any], headings: Sequence[Heading], *, wrapped_width: int = WRAPPED_WIDTH
) -> int:
    """The number of lines that the longest text of a row takes in its column."""
    return max(
        (
            sum(-(-max(1, len(line)) // max(1, heading.width - 3)) for line in text.split("\n"))
            for text, heading in zip(map(_unmarked, values), headings, strict=False)
            if isinstance(text, str) and heading.width >= wrapped_width
        ),
        default=1,
    )


def _set_up(sheet: Any, headings: Sequence[Heading]) -> None:
    """Set the sheet options that must come before the first row."""
    last = get_column_letter(max(1, len(headings)))
    sheet.freeze_panes = "B2"
    for at, heading in enumerate(headings, 1):
        sheet.column_dimensions[get_column_letter(at)].width = heading.width
    sheet.auto_filter.ref = f"A1:{last}1"
    sheet.print_title_rows, sheet.print_title_cols = "1:1", "A:A"
    setup = sheet.page_setup
    setup.orientation, setup.paperSize = "landscape", A4
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    setup.fitToHeight = 0
    setup.fitToWidth = max(1, -(-sum(heading.width for heading in headings) // PRINTED_WIDTH))
    margins = sheet.page_margins
    margins.left = margins.right = 0.4
    margins.top = margins.bottom = 0.6
    sheet.oddFooter.left.text = "&A"
    sheet.oddFooter.right.text = "&P / &N"


class CsvBook:
    """A ZIP with one CSV per sheet: UTF-8 with a byte order mark, CRLF, every cell quoted."""

    def __init__(self, path: Path, zone: str, folder: Path) -> None:
        self._path, self._zone, self._folder = path, ZoneInfo(zone), folder
        self._sheets: dict[str, CsvSheet] = {}

    def add_sheet(self, title: str, name: str, headings: Sequence[Heading]) -> CsvSheet:
        plain = PLAIN_NAME.sub("_", name) or "_"
        own, turn = plain, 1
        while own.casefold() in (one.casefold() for one in self._sheets):
            turn += 1
            own = f"{plain}-{turn}"
        file = (self._folder / f"page-{len(self._sheets)}.csv").open("w+b")
        self._sheets[own] = CsvSheet(file, headings, self._zone)
        return self._sheets[own]

    @slow_work
    def save(self) -> None:
        with zipfile.ZipFile(self._path, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as zipped:
            for name, sheet in self._sheets.items():
                sheet.file.flush()
                zipped.write(sheet.file.name, f"{name}.csv")

    def close(self) -> None:
        for sheet in self._sheets.values():
            sheet.file.close()


class CsvSheet:
    def __init__(self, file: IO[bytes], headings: Sequence[Heading], zone: tzinfo) -> None:
        self.file, self.count, self._zone = file, 0, zone
        file.write(b"\xef\xbb\xbf")
        self._writer = csv.writer(_Encoded(file), quoting=csv.QUOTE_ALL)
        self._writer.writerow([escape_formulas(heading.words) for heading in headings])

    def add(self, row: Iterable[Any]) -> None:
        self.count += 1
        self._writer.writerow([csv_cell(_bare(value), self._zone) for value in row])


class _Encoded:
    """Encodes the output of csv as UTF-8 into a binary file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode())


def _bare(value: Any) -> Any:
    return value.url if isinstance(value, Link) else _unmarked(value)


def _unmarked(value: Any) -> Any:
    return value.value if isinstance(value, Marked) else value
