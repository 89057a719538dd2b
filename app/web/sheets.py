"""A list as a file: CSV for programs, XLSX for people. What is in it is each feature's; files of
several sheets are in books.py.

What is in a cell was typed by somebody else: no cell may become a formula.
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

# A program that opens a file of values runs what begins with one of these; Excel in Japan takes
# the wide and small ones (=, +, -, @ to Unicode) for the same.
FORMULA_STARTS = "=+-@\t" + "\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
# Where lists are separated by a semicolon, as in Brazil, Excel cuts a line of our commas at what it
# takes for its own separator, in the middle of a quoted text too: a cell may begin after each.
SEPARATORS = ",;|\t\n"
# Spaces, quotes and marks that nobody sees do not keep a formula from being one.
UNSEEN = ' "\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u3000\ufeff'
BEGINNING = re.compile(
    f"(?:^|(?<=[{re.escape(SEPARATORS)}]))[{UNSEEN}]*(?=[{re.escape(FORMULA_STARTS)}])"
)
# What XML cannot hold, so no workbook either: one such sign would make the whole file fail.
NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Spreadsheets read the sign of this number there; that of "_" itself keeps the text as it is.
ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
MAX_CELL = 32_767
CUT = " [...]"
CHUNK = 64_000

Writer = Callable[["Sheet", IO[bytes]], None]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Headings and rows in the reader's words; times are local to `zone`, numbers are numbers."""

    title: str
    headings: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]
    zone: str


def send_sheet(sheet: Sheet, kind: str, name: str) -> Response:
    """The file `laudo-<name>-<day>.<kind>` as an answer; every row is read before it returns."""
    write, media_type = WRITERS[kind]
    file = TemporaryFile()  # noqa: SIM115  (closed by the response that sends it)
    write(sheet, file)
    file.seek(0)
    filename = dated_name(name, kind, sheet.zone)
    return send_file(file, media_type, as_attachment=True, download_name=filename, max_age=0)


def dated_name(name: str, kind: str, zone: str) -> str:
    return f"laudo-{name}-{datetime.now(ZoneInfo(zone)).date().isoformat()}.{kind}"


def write_csv(sheet: Sheet, file: IO[bytes]) -> None:
    """UTF-8 with a byte order mark, which Excel needs to read accents; CRLF, every cell quoted."""
    file.writelines(csv_chunks(sheet))


def csv_chunks(sheet: Sheet) -> Iterator[bytes]:
    """The same file in pieces, for an answer that is sent while its rows are still read."""
    text, zone = io.StringIO(newline=""), ZoneInfo(sheet.zone)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    text.write("\ufeff")
    writer.writerow([guarded(heading) for heading in sheet.headings])
    for row in sheet.rows:
        writer.writerow([csv_cell(value, zone) for value in row])
        if text.tell() > CHUNK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def csv_cell(value: Any, zone: tzinfo) -> str:
    """A value as it stands in a CSV; a moment without a zone stays as its clock showed it."""
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
    return guarded(str(value))


def guarded(text: str) -> str:
    """The text with an apostrophe before each part that a program could take for a formula, in
    whatever way it cuts cells. Lines end in a line feed alone."""
    plain = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    return BEGINNING.sub(r"\g<0>'", plain)


def write_xlsx(sheet: Sheet, file: IO[bytes]) -> None:
    """One sheet with a frozen heading; texts are texts whatever they begin with."""
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
        # openpyxl writes the rows to a file of its own first, and a full disk is no place for it.
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


def fitting(text: str) -> str:
    """The text as the file of a workbook has it, cut and marked where it is too long for a cell."""
    clean = NOT_XML.sub("", text)
    if len(clean) > MAX_CELL:
        clean = clean[: MAX_CELL - len(CUT)] + CUT
    return ESCAPE.sub("_x005F_", clean)


def _text_cell(page: Any, text: str) -> Any:
    clean = fitting(text)
    cell = WriteOnlyCell(page, clean)
    # Not what openpyxl guesses: a text that begins with = would become a formula.
    cell.data_type = "s"
    # Nor does it become one when somebody edits the cell, or saves the sheet and opens it again.
    cell.quotePrefix = guarded(clean) != clean
    return cell


WRITERS: dict[str, tuple[Writer, str]] = {
    "csv": (write_csv, "text/csv; charset=utf-8"),
    "xlsx": (write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
