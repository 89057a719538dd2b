"""Writers of loaded reports: a workbook in the reader's language, or lines of JSON."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol
from uuid import UUID

from flask_babel import gettext as _

from app.exports.answers.about import Line
from app.exports.answers.columns import Extra, FieldKey, Layout, lay_out
from app.exports.answers.loading import ExportedChecklist, LoadedReport
from app.exports.answers.records import ReportRecord, record_of
from app.exports.answers.rows import Addresses, RowBuilder
from app.exports.answers.words import (
    answer_headings,
    column_headings,
    exception_headings,
    localized,
    photo_headings,
    report_headings,
    section_words,
)
from app.models import AnswerFormat
from app.web.books import Book, BookSheet, CsvBook, Heading, XlsxBook

Extras = Mapping[FieldKey, frozenset[Extra]]


class Sink(Protocol):
    @property
    def counts(self) -> dict[str, int]:
        """The numbers of reports, photos and exceptions written so far."""

    def add(self, one: LoadedReport) -> None: ...

    def finish(self, about: Iterable[Line]) -> None:
        """Add the "About" lines and complete the file."""

    def close(self) -> None:
        """Release all resources and delete temporary files."""


def open_sink(
    format: AnswerFormat,
    output: Path,
    zone: str,
    checklists: Sequence[ExportedChecklist],
    extras: Extras,
) -> Sink:
    """Open a writer for the format. Temporary files go next to `output`. Raises BookFull."""
    if format is AnswerFormat.JSONL:
        return JsonLinesSink(output, checklists)
    if format is AnswerFormat.CSV:
        return BookSink(CsvBook(output, zone, output.parent), zone, checklists, extras)
    return BookSink(XlsxBook(output, zone), zone, checklists, extras)


class BookSink:
    """Writes one sheet per checklist, then the sheets photos, exceptions, columns and about."""

    def __init__(
        self, book: Book, zone: str, checklists: Sequence[ExportedChecklist], extras: Extras
    ) -> None:
        self._book = book
        self._rows = RowBuilder(Addresses(), zone)
        self._pages: dict[UUID, tuple[BookSheet, Layout]] = {}
        self._checklist_of = {
            version.id: checklist.id for checklist in checklists for version in checklist.versions
        }
        descriptions: list[list[Any]] = []
        for checklist in checklists:
            layout = lay_out(checklist.versions, extras)
            head = report_headings(zone)
            answers = answer_headings(layout.columns, head)
            page = book.add_sheet(checklist.code, checklist.code, [*head, *answers])
            self._pages[checklist.id] = page, layout
            descriptions += _column_rows(checklist, layout, answers)
        self._photos = book.add_sheet(_("Photos"), "photos", photo_headings(zone))
        self._exceptions = book.add_sheet(_("Exceptions"), "exceptions", exception_headings())
        columns = book.add_sheet(_("Columns"), "columns", column_headings())
        for row in descriptions:
            columns.add(row)

    @property
    def counts(self) -> dict[str, int]:
        return {
            "reports": sum(page.count for page, _layout in self._pages.values()),
            "photos": self._photos.count,
            "exceptions": self._exceptions.count,
        }

    def add(self, one: LoadedReport) -> None:
        page, layout = self._pages[self._checklist_of[one.version.id]]
        page.add(self._rows.report(one, layout))
        for row in self._rows.photos(one):
            self._photos.add(row)
        for row in self._rows.exceptions(one):
            self._exceptions.add(row)

    def finish(self, about: Iterable[Line]) -> None:
        page = self._book.add_sheet(
            _("About"), "about", [Heading(_("About"), 34), Heading(_("Value"), 90, is_mixed=True)]
        )
        for line in about:
            page.add(line)
        self._book.save()

    def close(self) -> None:
        self._book.close()


def _column_rows(
    checklist: ExportedChecklist, layout: Layout, headings: Sequence[Heading]
) -> Iterable[list[Any]]:
    """Describe each column, for programs that read the file."""
    for column, heading in zip(layout.columns, headings, strict=True):
        field = column.field
        yield [
            checklist.code,
            heading.words,
            section_words(column.section),
            localized(field.label),
            field.id,
            column.cell,
            field.type.value,
            column.unit,
            column.extra.value if column.extra else "value",
            ", ".join(map(str, column.versions)),
        ]


class JsonLinesSink:
    """Writes a ZIP with one line of JSON per report, the JSON schema and the "About" lines."""

    def __init__(self, output: Path, checklists: Sequence[ExportedChecklist]) -> None:
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

    def add(self, one: LoadedReport) -> None:
        record = record_of(one, self._checklist_of[one.version.id], self._addresses)
        self._lines.write(record.model_dump_json().encode() + b"\n")
        self._counts["reports"] += 1
        self._counts["photos"] += len(record.photos)
        self._counts["exceptions"] += len(record.exceptions)

    def finish(self, about: Iterable[Line]) -> None:
        self._lines.close()
        lines = [[label, None if value is None else str(value)] for label, value in about]
        self._zipped.writestr("about.json", _json(lines))
        self._zipped.writestr("schema.json", _json(ReportRecord.model_json_schema()))
        self._zipped.close()

    def close(self) -> None:
        """After an error the ZIP entry is still open: close it first. The file is discarded."""
        if not self._lines.closed:
            self._lines.close()
        self._zipped.close()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
