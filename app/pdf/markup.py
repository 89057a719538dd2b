"""Builds the HTML and the tenant's colours that WeasyPrint lays out.

Templates stand under templates/pdf with an environment of their own: it escapes always, refuses
undefined names and cleans every printed word. Layout rules live in report.css, not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.pdf.context import Mark, Question, ReportContext, Table, TableRow
from app.pdf.fetcher import evidence_url
from app.pdf.labels import Labels
from app.pdf.settings import PageFormat
from app.pdf.text import (
    attribute,
    breakable,
    clean,
    directed,
    format_limits,
    format_time,
    known_colour,
    prose,
    readable_colour,
    unnumbered,
)
from app.scripts import spelled

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "pdf"
STYLESHEETS = ("report.css", "opening.css", "questions.css", "closing.css")
LETTER, COMPACT = "letter.css", "compact.css"
MAX_COLUMNS = 8
LONG_ANSWER = 70
SHORT_COMMENT = 240
WORDY = 500

T = TypeVar("T")


def render_html(context: ReportContext) -> str:
    """The whole report as one HTML page whose files are `evidence:` URLs."""
    labels = Labels(context.languages)
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=context,
            labels=labels,
            printed=len(context.photos()),
            created=context.rendered_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            when=lambda moment: _when(moment, context),
            own=lambda value, fact, most=None: _own_words(value, fact, most, context, labels),
            limits_of=lambda limits: format_limits(limits, labels),
        )
    )


def theme_css(context: ReportContext) -> str:
    """The tenant's colours as custom properties, each dark enough to be read on white.

    What ends in `-fill` is the colour itself, for surfaces that carry no words.
    """
    branding = context.branding
    named = {"accent": branding.accent, "second": branding.second, "third": branding.third}
    rules = "".join(
        f"--{name}: {readable_colour(colour)}; --{name}-fill: {known_colour(colour)};"
        for name, colour in named.items()
    )
    return f":root {{ {rules} }}"


def stylesheets_of(context: ReportContext) -> tuple[str, ...]:
    """The names of the sheets in their order: what a company chose comes last and wins."""
    chosen = context.settings
    letter = (LETTER,) if chosen.page_format is PageFormat.LETTER else ()
    return (*STYLESHEETS, *letter, *((COMPACT,) if chosen.is_compact else ()))


@cache
def stylesheet(name: str) -> str:
    """The text of one packaged stylesheet."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printed,
    )
    environment.filters.update(
        attribute=attribute,
        prose=prose,
        evidence_url=_evidence_url,
        rows=_rows,
        size=_size,
        parts=_parts,
        unnumbered=unnumbered,
    )
    environment.tests.update(
        long=_is_long, out_of_limits=_is_out, pictured=_is_pictured, wordy=_is_wordy
    )
    return environment


def _own_words(
    value: str, fact: str, most: int | None, context: ReportContext, labels: Labels
) -> str:  # fmt: skip
    """A fact of the report's own, and what answers say instead of it: all of it, or so many
    characters."""
    typed = context.typed_of(fact)
    if not typed:
        return value
    if most and len(typed) > most:
        typed = f"{typed[:most]}…"
    return labels.first("own_and_typed", own=value, source=labels.first(f"own_{fact}"), typed=typed)


def _printed(value: Any) -> Any:
    # Markup is a str subclass and must keep its class, or it would be escaped twice.
    return directed(breakable(spelled(clean(value)))) if type(value) is str else value


def _is_wordy(context: ReportContext) -> bool:
    """Whether the foot of the cover is so long that its upper half has to be shorter."""
    project, said = context.project, (*context.branding.contact, context.settings.cover_note)
    below = (project.address, project.client, *project.client_contact)
    return sum(map(len, (*said, *below))) > WORDY


def _evidence_url(key: str) -> Markup:
    # Percent-encoded, so nothing is left to escape, and never broken as a long word.
    return Markup(evidence_url(key))  # noqa: S704


def _when(moment: datetime, context: ReportContext) -> str:
    return format_time(moment, context.time_zone, context.languages[0])


def _rows(items: Sequence[T], across: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), across):
        yield items[start : start + across]


def _size(text: str) -> str:
    """A class for display type, so that a title of any length stays on its page."""
    if len(text) <= 48:
        return "short"
    return "middle" if len(text) <= 120 else "long"


def _is_long(question: Question) -> bool:
    """Whether the answer needs the full width instead of the answer column."""
    return any(len(words.first) > LONG_ANSWER for words in question.texts)


def _is_pictured(question: Question) -> bool:
    """Whether its only photo stands beside its words, in one row that never breaks."""
    return (
        len(question.photos) == 1
        and question.table is None
        and len(question.comment) <= SHORT_COMMENT
        and not _is_long(question)
    )


def _is_out(question: Question) -> bool:
    if question.measurement is not None and question.measurement.mark is Mark.OUT:
        return True
    rows = question.table.rows if question.table else ()
    return any(cell is not None and cell.mark is Mark.OUT for row in rows for cell in row.cells)


def _parts(table: Table) -> Iterator[Table]:
    """A wide table as several of equal width, at most eight columns, each with the row labels."""
    columns = len(table.columns)
    width = ceil(columns / ceil(columns / MAX_COLUMNS))
    for start in range(0, columns, width):
        span = slice(start, start + width)
        rows = tuple(TableRow(row.label, row.cells[span]) for row in table.rows)
        yield replace(table, columns=table.columns[span], rows=rows)
