"""What the layouts pick out of a report: failed questions, photos, rows of photos, parts of tables.

Pure functions on the plain data; markup.py gives them to the templates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from math import ceil

from app.layouts import Layout
from app.pdf.context import Mark, MeasurementTable, Photo, Question, Section, TableRow
from app.pdf.settings import PdfSettings

MAX_COLUMNS = 8


def is_bad(question: Question) -> bool:
    """Whether its verdict is Not OK, its rule failed, or one of its values is out of its limits."""
    rows = question.table.rows if question.table else ()
    measured = (question.measurement, *(cell for row in rows for cell in row.cells))
    is_out = any(one is not None and one.mark is Mark.OUT for one in measured)
    return is_out or question.is_failed or question.verdict == "not_ok"


def failed_of(section: Section) -> tuple[Question, ...]:
    return tuple(question for question in section.questions if is_bad(question))


def photos_of(questions: Sequence[Question]) -> tuple[Photo, ...]:
    return tuple(photo for question in questions for photo in question.photos)


def is_upright(photo: Photo) -> bool:
    return photo.height > photo.width


def rows_of(photos: Sequence[Photo], settings: PdfSettings) -> Iterator[Sequence[Photo]]:
    """The rows of photos in the layouts that set one row after the other.

    In the photographic layout only upright photos share a row.
    """
    most = 3 if settings.has_small_photos else 2
    rest = list(photos)
    while rest:
        is_wide = settings.layout is Layout.PHOTOGRAPHIC and not all(map(is_upright, rest[:most]))
        across = 1 if is_wide else most
        yield rest[:across]
        del rest[:across]


def runs_of(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """Questions that share a table; one that has a table of its own stands alone."""
    for has_own, group in groupby(questions, lambda one: one.table is not None):
        run = list(group)
        yield from ([one] for one in run) if has_own else (run,)


def parts_of(table: MeasurementTable) -> Iterator[MeasurementTable]:
    """Split a wide table into parts of equal width, at most eight columns, each with row labels."""
    columns = len(table.columns)
    width = ceil(columns / ceil(columns / MAX_COLUMNS))
    for start in range(0, columns, width):
        span = slice(start, start + width)
        rows = tuple(TableRow(row.label, row.cells[span]) for row in table.rows)
        yield replace(table, columns=table.columns[span], rows=rows)
