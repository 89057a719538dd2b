"""Builds the HTML and the tenant's colours that WeasyPrint lays out.

Templates are in templates/pdf with an environment of their own: it always escapes, rejects
undefined names and cleans all printed text. Layout rules belong in report.css, not here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.layouts import Layout
from app.pdf.captions import facts_of, spoken_of
from app.pdf.context import Photo, PrintedText, Question, ReportContext
from app.pdf.fetcher import evidence_url
from app.pdf.labels import Labels
from app.pdf.picking import (
    failed_of,
    is_bad,
    is_upright,
    parts_of,
    photos_of,
    rows_of,
    runs_of,
)
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
REPORT, FRAME, MARK = "report.html", "frame.html", "mark.html"
LONG_ANSWER = 70
SHORT_COMMENT = 240
WORDY = 500


def render_html(context: ReportContext, template: str = REPORT) -> str:
    """A page of the report, or one that lies over its pages, as XML with `evidence:` URLs."""
    labels = Labels(context.languages)
    html = (
        _environment()
        .get_template(template)
        .render(
            report=context,
            labels=labels,
            printed=len(context.photos()),
            created=context.rendered_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            when=lambda moment: _when(moment, context),
            own=lambda value, fact, most=None: _own_words(value, fact, most, context, labels),
            limits_of=lambda limits: format_limits(limits, labels),
            facts=lambda photo: facts_of(photo, labels),
            prints_facts=lambda photo: _prints_facts(photo, context),
            spoken=lambda photo: spoken_of(
                photo, labels, with_facts=not _prints_facts(photo, context)
            ),
        )
    )
    # Macros do not know the languages; no printed text can contain the quotation marks.
    return html.replace('lang="second"', f'lang="{context.languages[-1]}"')


def page_words(context: ReportContext, number: int, total: int) -> str:
    """'Page 2 of 9' in the first language."""
    labels = Labels(context.languages)
    return f"{labels.first('page')} {number} {labels.first('of')} {total}"


def theme_css(context: ReportContext) -> str:
    """The tenant's colours as custom properties, each dark enough to be read on white.

    Properties ending in `-fill` are the original colours, for areas without text.
    """
    branding = context.branding
    named = {"accent": branding.accent, "second": branding.second, "third": branding.third}
    rules = "".join(
        f"--{name}: {readable_colour(colour)}; --{name}-fill: {known_colour(colour)};"
        for name, colour in named.items()
    )
    return f":root {{ {rules} }}"


def stylesheets_of(context: ReportContext) -> tuple[str, ...]:
    """The stylesheet names in order: the company's choices come last, to take precedence."""
    chosen = context.settings
    letter = (LETTER,) if chosen.page_format is PageFormat.LETTER else ()
    if chosen.layout is not Layout.CLASSIC:
        return (*STYLESHEETS, *letter, f"layouts/{chosen.layout.value}.css")
    return (*STYLESHEETS, *letter, *((COMPACT,) if chosen.has_small_photos else ()))


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
        size=_size,
        parts=parts_of,
        photo_rows=rows_of,
        photos=photos_of,
        failed=failed_of,
        runs=runs_of,
        unnumbered=unnumbered,
        one_line=_one_line,
    )
    environment.tests.update(
        long=_is_long, bad=is_bad, upright=is_upright, pictured=_is_pictured, wordy=_is_wordy
    )
    return environment


def _own_words(
    value: str, fact: str, most: int | None, context: ReportContext, labels: Labels
) -> str:
    """The report's own value, followed by differing answers, cut to `most` characters if given."""
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
    """Whether the text at the foot of the cover is so long that the upper half must be shorter."""
    project, said = context.project, (*context.branding.contact, context.settings.cover_note)
    below = (project.address, project.client, *project.client_contact)
    return sum(map(len, (*said, *below))) > WORDY


def _evidence_url(key: str) -> Markup:
    # Percent-encoded, so nothing needs escaping, and it is never broken like a long word.
    return Markup(evidence_url(key))  # noqa: S704


def _when(moment: datetime, context: ReportContext) -> str:
    return format_time(moment, context.time_zone, context.languages[0])


def _size(text: str) -> str:
    """A CSS class for large type, so that a title of any length stays on its page."""
    if len(text) <= 48:
        return "short"
    return "middle" if len(text) <= 120 else "long"


def _one_line(text: PrintedText) -> str:
    """Both languages as one text, where a second element for each would cost time."""
    return f"{text.first} · {text.second}" if text.second else text.first


def _is_long(question: Question) -> bool:
    """Whether the answer needs the full width instead of the answer column."""
    return any(len(words.first) > LONG_ANSWER for words in question.texts)


def _prints_facts(photo: Photo, context: ReportContext) -> bool:
    """Whether the caption says what the strip in the picture does not say, or too small."""
    return context.settings.has_small_photos or not photo.is_told


def _is_pictured(question: Question) -> bool:
    """Whether its only photo is printed beside its text, in one row without a page break."""
    return (
        len(question.photos) == 1
        and question.table is None
        and len(question.comment) <= SHORT_COMMENT
        and not _is_long(question)
    )
