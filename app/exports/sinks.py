"""Where loaded reports go: the sheets of a book, in the reader's language, or lines of JSON."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol
from uuid import UUID

from flask_babel import gettext as _

from app.exports.about import Line
from app.exports.columns import Extra, FieldKey, Layout, lay_out
from app.exports.loading import ChecklistOf, Loaded
from app.exports.records import ReportRecord, record_of
from app.exports.rows import Addresses, Rows
from app.exports.words import (
    answer_headings,
    column_headings,
    exception_headings,
    photo_headings,
    report_headings,
    said,
    section_words,
)
from app.models import AnswerFormat
from app.web.books import Book, CsvBook, Heading, Page, XlsxBook

Extras = Mapping[FieldKey, frozenset[Extra]]


class Sink(Protocol):
    @property
    def counts(self) -> dict[str, int]:
        """What is in the file so far: reports, photos, exceptions."""

    def add(self, one: Loaded) -> None: ...

    def finish(self, about: Iterable[Line]) -> None:
        """Write the file."""

    def close(self) -> None:
        """Leave nothing behind but the file."""


def open_sink(
    format: AnswerFormat,
    output: Path,
    zone: str,
    checklists: Sequence[ChecklistOf],
    extras: Extras,
) -> Sink:
    """Whatever it needs on its way lies beside `output`. Raises BookFull."""
    if format is AnswerFormat.JSONL:
        return LinesSink(output, checklists)
    if format is AnswerFormat.CSV:
        return BookSink(CsvBook(output, zone, output.parent), zone, checklists, extras)
    return BookSink(XlsxBook(output, zone), zone, checklists, extras)


class BookSink:
    """A sheet for each checklist; then photos, exceptions, what the columns are, about."""

    def __init__(
        self, book: Book, zone: str, checklists: Sequence[ChecklistOf], extras: Extras
    ) -> None:
        self._book = book
        self._rows = Rows(Addresses(), zone)
        self._pages: dict[UUID, tuple[Page, Layout]] = {}
        self._checklist_of = {
            version.id: checklist.id for checklist in checklists for version in checklist.versions
        }
        told: list[list[Any]] = []
        for checklist in checklists:
            layout = lay_out(checklist.versions, extras)
            head = report_headings(zone)
            answers = answer_headings(layout.columns, head)
            page = book.page(checklist.code, checklist.code, [*head, *answers])
            self._pages[checklist.id] = page, layout
            told += _told(checklist, layout, answers)
        self._photos = book.page(_("Photos"), "photos", photo_headings(zone))
        self._exceptions = book.page(_("Exceptions"), "exceptions", exception_headings())
        columns = book.page(_("Columns"), "columns", column_headings())
        for row in told:
            columns.add(row)

    @property
    def counts(self) -> dict[str, int]:
        return {
            "reports": sum(page.count for page, _layout in self._pages.values()),
            "photos": self._photos.count,
            "exceptions": self._exceptions.count,
        }

    def add(self, one: Loaded) -> None:
        page, layout = self._pages[self._checklist_of[one.version.id]]
        page.add(self._rows.report(one, layout))
        for row in self._rows.photos(one):
            self._photos.add(row)
        for row in self._rows.exceptions(one):
            self._exceptions.add(row)

    def finish(self, about: Iterable[Line]) -> None:
        page = self._book.page(
            _("About"), "about", [Heading(_("About"), 34), Heading(_("Value"), 90, is_mixed=True)]
        )
        for line in about:
            page.add(line)
        self._book.save()

    def close(self) -> None:
        self._book.close()


def _told(
    checklist: ChecklistOf, layout: Layout, headings: Sequence[Heading]
) -> Iterable[list[Any]]:
    """What each column is, for whoever reads the file by a program."""
    for column, heading in zip(layout.columns, headings, strict=True):
        field = column.field
        yield [
            checklist.code, heading.words, section_words(column.section),
            said(field.label), field.id, column.cell, field.type.value, column.unit,
            column.extra.value if column.extra else "value", ", ".join(map(str, column.versions)),
        ]  # fmt: skip


class LinesSink:
    """A ZIP of one line of JSON a report, with the schema of the lines and what they are."""

    def __init__(self, output: Path, checklists: Sequence[ChecklistOf]) -> None:
        self._addresses = Addresses()
        self._checklist_of = {
            version.id: checklist for checklist in checklists for version in checklist.versions
        }
        self._counts = {"reports": 0, "photos": 0, "exceptions": 0}
        self._zipped = zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, allowZip64=True)
        self._lines: IO[bytes] = self._zipped.open("reports.jsonl", "w", force_zip64=True)

    @property
    def counts(self) -> dict[str, int]:
        return self._counts

    def add(self, one: Loaded) -> None:
        record = record_of(one, self._checklist_of[one.version.id], self._addresses)
        self._lines.write(record.model_dump_json().encode() + b"\n")
        self._counts["reports"] += 1
        self._counts["photos"] += len(record.photos)
        self._counts["exceptions"] += len(record.exceptions)

    def finish(self, about: Iterable[Line]) -> None:
        self._lines.close()
        told = [[label, None if value is None else str(value)] for label, value in about]
        self._zipped.writestr("about.json", _json(told))
        self._zipped.writestr("schema.json", _json(ReportRecord.model_json_schema()))
        self._zipped.close()

    def close(self) -> None:
        """A line that was broken off leaves its entry open, and the file is thrown away."""
        if not self._lines.closed:
            self._lines.close()
        self._zipped.close()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
