"""The reports that somebody looks for as a file: CSV for programs, XLSX for people.

What is in a cell was typed by somebody else: no cell may become a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import IO, Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.definition.outcome import Outcome
from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.models import Account, Actor, Checklist, Equipment, Project, Report, ReportStatus, Version
from app.reports.finding import Wanted, conditions, ordering

# A program that opens a file of values runs what begins with one of these.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00")
MAX_CELL = 32_767
CUT = " [...]"
BATCH = 1_000
CHUNK = 64_000

Writer = Callable[["Sheet", IO[bytes]], None]


class TooManyRows(DomainError):
    """%(found)s reports are more than one file takes (%(most)s). Narrow the list and try again."""

    status = 422


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One report as it leaves; times are aware UTC, None where it has not come to that."""

    number: str
    revision: int
    title: str
    status: ReportStatus
    outcome: Outcome | None
    project: str
    client: str
    checklist_code: str
    checklist: str
    equipment: str | None
    assignee: str
    started_by: str
    started_at: datetime | None
    submitted_at: datetime | None
    completed_at: datetime | None
    updated_at: datetime
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Headings and rows in the reader's words; times are local to `zone`, numbers are numbers."""

    title: str
    headings: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]
    zone: str


def export_lines(
    wanted: Wanted, *, actor: Actor, kind: str, most: int, facts: dict[str, str]
) -> Iterator[ExportLine]:
    """All visible reports that are looked for, read in batches; the audit says who took them.

    `facts` are the filters as the address has them. Raises TooManyRows before anything is read.
    """
    matching = conditions(wanted, actor)
    found = db.session.scalar(select(func.count(Report.id)).where(*matching)) or 0
    if found > most:
        raise TooManyRows(found=found, most=most)
    record(
        action="reports.exported",
        actor=actor,
        object_type="report",
        object_id=None,
        kind=kind,
        rows=str(found),
        filters=facts,
    )
    return _read(matching, wanted)


def _read(matching: tuple[Any, ...], wanted: Wanted) -> Iterator[ExportLine]:
    starter = aliased(Account)
    rows = db.session.execute(
        select(
            Report.number, Report.revision, Report.title, Report.status, Report.outcome,
            Project.name, Project.client, Checklist.code, Checklist.name, Equipment.tag,
            Account.name, starter.name, Report.started_at, Report.submitted_at,
            Report.completed_at, Report.updated_at, Report.due_on,
        )
        .join(Report.project)
        .join(Report.version)
        .join(Version.checklist)
        .join(Report.assignee)
        .join(Report.starter.of_type(starter))
        .outerjoin(Report.equipment)
        .where(*matching)
        .order_by(*ordering(wanted)),
        execution_options={"yield_per": BATCH},
    )  # fmt: skip
    return (ExportLine(*tuple(row)) for row in rows)


def write_csv(sheet: Sheet, file: IO[bytes]) -> None:
    """UTF-8 with a byte order mark, which Excel needs to read accents; CRLF, every cell quoted."""
    file.writelines(csv_chunks(sheet))


def csv_chunks(sheet: Sheet) -> Iterator[bytes]:
    """The same file in pieces, for an answer that is sent while its rows are still read."""
    text, zone = io.StringIO(newline=""), ZoneInfo(sheet.zone)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    text.write("\ufeff")
    writer.writerow(sheet.headings)
    for row in sheet.rows:
        writer.writerow([_csv_cell(value, zone) for value in row])
        if text.tell() > CHUNK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _csv_cell(value: Any, zone: tzinfo) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | Decimal):
        return str(value)
    text = str(value).replace("\x00", "")
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def write_xlsx(sheet: Sheet, file: IO[bytes]) -> None:
    """One sheet with a frozen heading; texts are texts whatever they begin with."""
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet.title[:31])
    page.freeze_panes = "A2"
    for at, heading in enumerate(sheet.headings):
        page.column_dimensions[chr(ord("A") + at)].width = max(12, len(heading) + 4)
    page.column_dimensions["C"].width = 44
    page.append([_heading(page, heading) for heading in sheet.headings])
    zone = ZoneInfo(sheet.zone)
    for row in sheet.rows:
        page.append([_xlsx_cell(page, value, zone) for value in row])
    book.save(file)


def _heading(page: Any, text: str) -> Any:
    cell = _text_cell(page, text)
    cell.font = Font(bold=True)
    return cell


def _xlsx_cell(page: Any, value: Any, zone: tzinfo) -> Any:
    if value is None or isinstance(value, int):
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


def _text_cell(page: Any, text: str) -> Any:
    clean = ILLEGAL_CHARACTERS_RE.sub("", text)
    if len(clean) > MAX_CELL:
        clean = clean[: MAX_CELL - len(CUT)] + CUT
    cell = WriteOnlyCell(page, clean)
    # Not what openpyxl guesses: a text that begins with = would become a formula.
    cell.data_type = "s"
    return cell


WRITERS: dict[str, tuple[Writer, str]] = {
    "csv": (write_csv, "text/csv; charset=utf-8"),
    "xlsx": (write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
