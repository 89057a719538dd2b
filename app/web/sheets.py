"""Lists as files: CSV for programs, XLSX for people.

The features decide what is in them; files of several sheets are in books.py. Cells hold user input,
so no cell may become a formula.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from zoneinfo import ZoneInfo

from flask import Response, send_file
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

# Spreadsheets evaluate cells that begin with one of these. Japanese Excel also accepts the
# full-width and small forms of =, +, - and @.
FORMULA_STARTS = "=+-@\t" + "\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
# In locales with a semicolon as list separator, such as Brazil, Excel splits our comma-separated
# lines at its own separator, even inside quoted text: a cell may begin after each of these.
SEPARATORS = ",;|\t\n"
# Characters that may precede a formula: spaces, quotes and invisible marks.
UNSEEN = ' "\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u3000\ufeff'
BEGINNING = re.compile(
    f"(?:^|(?<=[{re.escape(SEPARATORS)}]))[{UNSEEN}]*(?=[{re.escape(FORMULA_STARTS)}])"
)
# Characters that XML forbids: a single one makes the whole workbook unreadable.
NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Spreadsheets decode "_x003D_" as "="; encoding the "_" itself keeps the text unchanged.
ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
MAX_CELL = 32_767
CUT = " [...]"
CHUNK = 64_000

Writer = Callable[["ExportSheet", IO[bytes]], None]


@dataclass(frozen=True, slots=True)
class ExportSheet:
    """Headings and rows in the reader's language; times are local to `zone`."""

    title: str
    headings: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]
    zone: str


def send_sheet(sheet: ExportSheet, kind: str, name: str) -> Response:
    """The file `laudo-<name>-<day>.<kind>` as a response; reads all rows before it returns."""
    write, media_type = WRITERS[kind]
    file = TemporaryFile()  # noqa: SIM115  (closed by the response that sends it)
    write(sheet, file)
    file.seek(0)
    filename = dated_name(name, kind, sheet.zone)
    return send_file(file, media_type, as_attachment=True, download_name=filename, max_age=0)


def dated_name(name: str, kind: str, zone: str) -> str:
    return f"laudo-{name}-{datetime.now(ZoneInfo(zone)).date().isoformat()}.{kind}"


def write_csv(sheet: ExportSheet, file: IO[bytes]) -> None:
    """UTF-8 with a byte order mark, which Excel needs for accents; CRLF, every cell quoted."""
    file.writelines(csv_chunks(sheet))


def csv_chunks(sheet: ExportSheet) -> Iterator[bytes]:
    """The CSV in chunks, for a response that is streamed while its rows are read."""
    text, zone = io.StringIO(newline=""), ZoneInfo(sheet.zone)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    text.write("\ufeff")
    writer.writerow([escape_formulas(heading) for heading in sheet.headings])
    for row in sheet.rows:
        writer.writerow([csv_cell(value, zone) for value in row])
        if text.tell() > CHUNK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def csv_cell(value: Any, zone: tzinfo) -> str:
    """A value as CSV text; a datetime without a zone is not converted."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        local = value.astimezone(zone) if value.tzinfo else value
        return local.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int | float):
        return str(value)
    return escape_formulas(str(value))


def escape_formulas(text: str) -> str:
    """Put an apostrophe before each part that a program could read as a formula, for every way of
    splitting cells. Line ends become a single line feed."""
    plain = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    return BEGINNING.sub(r"\g<0>'", plain)


def write_xlsx(sheet: ExportSheet, file: IO[bytes]) -> None:
    """One sheet with a frozen heading; text never becomes a formula."""
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet.title[:31])
    page.freeze_panes = "A2"
    for at, heading in enumerate(sheet.headings):
        page.column_dimensions[chr(ord("A") + at)].width = max(12, len(heading) + 4)
    page.column_dimensions["C"].width = 44
    zone = ZoneInfo(sheet.zone)
    try:
        page.append([_heading(page, heading) for heading in sheet.headings])
        for row in sheet.rows:
            page.append([_xlsx_cell(page, value, zone) for value in row])
        book.save(file)
    except OSError:
        # openpyxl writes the rows to a temporary file; a full disk must not keep it.
        if page._writer:
            Path(page._writer.out).unlink(missing_ok=True)
        raise


def _heading(page: Any, text: str) -> Any:
    cell = _text_cell(page, text)
    cell.font = Font(bold=True)
    return cell


def _xlsx_cell(page: Any, value: Any, zone: tzinfo) -> Any:
    if value is None or isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, datetime):
        cell = WriteOnlyCell(page, value.astimezone(zone).replace(tzinfo=None))
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
        return cell
    if isinstance(value, date):
        cell = WriteOnlyCell(page, datetime(value.year, value.month, value.day))  # noqa: DTZ001
        cell.number_format = "yyyy-mm-dd"
        return cell
    return _text_cell(page, str(value))


def fit_to_cell(text: str) -> str:
    """The text escaped for a workbook; cut, with a mark, if it is too long for a cell."""
    clean = NOT_XML.sub("", text)
    if len(clean) > MAX_CELL:
        clean = clean[: MAX_CELL - len(CUT)] + CUT
    return ESCAPE.sub("_x005F_", clean)


def _text_cell(page: Any, text: str) -> Any:
    clean = fit_to_cell(text)
    cell = WriteOnlyCell(page, clean)
    # Set the type explicitly: openpyxl would turn text that begins with = into a formula.
    cell.data_type = "s"
    # The quote prefix keeps it text when the cell is edited or the sheet is saved and reopened.
    cell.quotePrefix = escape_formulas(clean) != clean
    return cell


WRITERS: dict[str, tuple[Writer, str]] = {
    "csv": (write_csv, "text/csv; charset=utf-8"),
    "xlsx": (write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
