"""An answer in words, for lists, conflicts and the review page."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from app.definition.answers import AnswerValue
from app.definition.fields import kind_of
from app.definition.fields.kind import CellValue, Reader
from app.definition.judging import AnswerFacts
from app.definition.prefills import SOURCES
from app.definition.schema import Definition, Field, Language, Prefill, Verdict
from app.reports.own_values import OwnValue
from app.web.filters import calendar_day, sentence_text
from app.web.locale import reader_language, reading_order
from app.words import VERDICTS


@dataclass(frozen=True, slots=True)
class OwnNote:
    """The note about the report's own value beside a field; `is_filled` if it is the answer."""

    words: str
    is_filled: bool = False


def own_note(own: OwnValue | None, answer: AnswerFacts | None) -> OwnNote | None:
    """`answer` is None if nobody answered. Returns None if the answer equals the own value."""
    if own is None:
        return None
    if answer is None:
        return OwnNote(
            _("Filled in automatically: %(source)s", source=source_words(own)), is_filled=True
        )
    if not own.differs_from(answer):
        return None
    return OwnNote(
        _(
            "The report's own value is %(value)s (%(source)s). The PDF prints both.",
            value=own_words(own),
            source=source_words(own),
        )
    )


def both_words(own: OwnValue, answer: AnswerFacts) -> str:
    """The report's own value, and the value that somebody typed instead."""
    typed = calendar_day(str(answer.value)) if _is_day(own) else str(answer.value)
    return str(
        _(
            "%(own)s (%(source)s); as typed in the report: %(typed)s",
            own=own_words(own),
            source=source_words(own),
            typed=typed,
        )
    )


def own_words(own: OwnValue) -> str:
    """The report's own value in the reader's language."""
    return calendar_day(own.value) if _is_day(own) else own.value


def _is_day(own: OwnValue) -> bool:
    return own.source is Prefill.START_DATE


def source_words(own: OwnValue) -> str:
    """The source of the value in words."""
    return str(_(SOURCES[own.source]))


def answer_words(field: Field, facts: AnswerFacts, languages: tuple[Language, ...]) -> str:
    """The value, the reason of N.A. or "No answer", then the comment; one line without markup."""
    words = value_words(field, facts.value, languages)
    if facts.na_reason:
        words = f"{VERDICTS.word(Verdict.NA)}: {facts.na_reason}"
    return " · ".join(part for part in (words or _("No answer"), facts.comment) if part)


def value_words(field: Field, value: AnswerValue, languages: tuple[Language, ...]) -> str:
    """A value in words, empty if there is none. A table lists its readings."""
    return kind_of(field).read(field, value, _reader(languages)) if value else ""


def value_cell(field: Field, value: AnswerValue, languages: tuple[Language, ...]) -> CellValue:
    """A value, which is not blank, as a spreadsheet cell."""
    return kind_of(field).cell(field, value, _reader(languages))


def _reader(languages: tuple[Language, ...]) -> Reader:
    return Reader(languages, reader_language(), sentence_text, VERDICTS.word, calendar_day)


def cell_words(field: Field, key: str, languages: tuple[Language, ...]) -> str:
    """The labels of a table cell's row and column."""
    for cell_key, row, column in field.cells():
        if cell_key == key:
            return f"{row.label.first(languages)}, {column.label.first(languages)}"
    return key


def section_words(definition: Definition, field_id: str) -> str:
    """The title of a field's section; the info fields have their own title."""
    for section in definition.sections:
        if any(field.id == field_id for field in section.fields):
            return section.title.first(reading_order(definition.languages))
    return str(_("Information"))
