"""An answer in words for people, as lists, conflicts and the check page show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from app.definition.doubts import readings
from app.definition.judging import AnswerFacts
from app.definition.measured import shown
from app.definition.prefills import SOURCES
from app.definition.schema import Definition, Field, FieldType, Language, Prefill, Verdict
from app.reports.known import Own
from app.web.filters import calendar_day
from app.web.locale import reader_language


@dataclass(frozen=True, slots=True)
class OwnNote:
    """What to say beside a field of the report's own value; `is_filled` while it is the answer."""

    words: str
    is_filled: bool = False


def own_note(own: Own | None, answer: AnswerFacts | None) -> OwnNote | None:
    """`answer` is None where nobody answered; nothing is said where both say the same."""
    if own is None:
        return None
    if answer is None:
        return OwnNote(_("Filled in: %(source)s", source=source_words(own)), is_filled=True)
    if not own.differs_from(answer):
        return None
    return OwnNote(
        _(
            "The report itself says: %(value)s (%(source)s). The PDF prints both.",
            value=own_words(own),
            source=source_words(own),
        )
    )


def both_words(own: Own, answer: AnswerFacts) -> str:
    """The report's own value and the one that somebody typed instead."""
    typed = calendar_day(str(answer.value)) if _is_day(own) else str(answer.value)
    return str(
        _(
            "%(own)s (%(source)s); as typed in the report: %(typed)s",
            own=own_words(own),
            source=source_words(own),
            typed=typed,
        )
    )


def own_words(own: Own) -> str:
    """The report's own value as the reader writes it."""
    return calendar_day(own.value) if _is_day(own) else own.value


def _is_day(own: Own) -> bool:
    return own.source is Prefill.START_DATE


def source_words(own: Own) -> str:
    """What of the report the value is."""
    return str(_(SOURCES[own.source]))


def answer_words(field: Field, facts: AnswerFacts, languages: tuple[Language, ...]) -> str:
    """The value, N.A. or what is left open, then the comment; one line without markup."""
    said = value_words(field, facts.value, languages)
    if facts.na_reason:
        said = f"{_('N.A.')}: {facts.na_reason}"
    return " · ".join(part for part in (said or _("No answer"), facts.comment) if part)


def value_words(field: Field, value: object, languages: tuple[Language, ...]) -> str:
    """A value in words, empty where there is none. A table counts and lists its readings."""
    if not value:
        return ""
    if field.type is FieldType.VERDICT:
        return verdict_words(str(value))
    if field.type in (FieldType.SELECT_ONE, FieldType.SELECT_MANY):
        chosen = value if isinstance(value, list) else [value]
        labels = [option.label.first(languages) for option in field.options if option.id in chosen]
        return ", ".join(labels)
    if isinstance(value, Mapping):
        return _reading_words(field, value)
    return str(value)


def verdict_words(value: str) -> str:
    words = {Verdict.OK: _("OK"), Verdict.NOT_OK: _("Not OK"), Verdict.NA: _("N.A.")}
    return str(words[Verdict(value)])


def cell_words(field: Field, key: str, languages: tuple[Language, ...]) -> str:
    """The row and the column of a table's cell."""
    for one, row, column in field.cells():
        if one == key:
            return f"{row.label.first(languages)}, {column.label.first(languages)}"
    return key


def section_words(definition: Definition, field_id: str) -> str:
    """The title of the section that a field stands in; the info fields have their own."""
    for section in definition.sections:
        if any(field.id == field_id for field in section.fields):
            return section.title.first(definition.languages)
    return str(_("Information"))


def _reading_words(field: Field, value: Mapping[str, object]) -> str:
    """The numbers that are judged, the unit once, and what was typed where it says another."""
    unit, language = (field.limits.unit if field.limits else None), reader_language()
    seen = [shown(reading, unit, language) for _key, reading in readings(field, value)]
    if len(seen) == 1:
        said = " ".join(part for part in (seen[0].text, unit) if part)
        return f"{said} ({_('typed %(text)s', text=seen[0].typed)})" if seen[0].typed else said
    parts = [
        f"{one.text} ({_('typed %(text)s', text=one.typed)})" if one.typed else one.text
        for one in seen
    ]
    return " ".join(part for part in ("; ".join(parts), unit) if part)
