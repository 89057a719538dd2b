"""One field with its answer as the PDF prints it. What an answer means is decided by the rules.

No photos here (pictures.py) and nothing about the report as a whole (context.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.definition.judging import (
    AnswerFacts,
    Judgement,
    is_na,
    judge,
    judge_cells,
)
from app.definition.measured import shown
from app.definition.schema import Field, FieldType, Language, Prefill, Verdict
from app.documents.words import date_words, words_of
from app.pdf import context as pdf
from app.reports.known import Own

MARKS = {Judgement.IN_LIMITS: pdf.Mark.IN, Judgement.OUT_OF_LIMITS: pdf.Mark.OUT}

Languages = tuple[Language, ...]


def question_of(
    field: Field,
    number: str,
    facts: AnswerFacts,
    languages: Languages,
    photos: tuple[pdf.Photo, ...],
    own: Own | None = None,
) -> pdf.Question:
    """The field with its answer; one set aside as N.A. prints its reason instead of a value, one
    that says something else than the report itself that too."""
    set_aside = is_na(field, facts)
    value = None if set_aside else facts.value
    return pdf.Question(
        field_id=field.id,
        number=number,
        label=words_of(field.label, languages),
        type=field.type.value,
        hint=words_of(field.hint, languages) if field.hint else None,
        verdict=_verdict(field, value, set_aside),
        texts=_texts(field, value, languages),
        measurement=_measurement(field, value, languages),
        table=_table(field, value, languages),
        limits=limits_of(field),
        na_reason=(facts.na_reason or "") if set_aside else "",
        comment=facts.comment or "",
        photos=photos,
        differs=_differing(own, facts, languages) if own and not set_aside else None,
    )


def _differing(own: Own, facts: AnswerFacts, languages: Languages) -> pdf.Differing | None:
    if not own.differs_from(facts):
        return None
    said = (own.value, str(facts.value))
    if own.source is Prefill.START_DATE:
        said = (date_words(said[0], languages[0]), date_words(said[1], languages[0]))
    return pdf.Differing(own.source.value, *said)


def _verdict(field: Field, value: Any, set_aside: bool) -> str | None:
    if set_aside:
        return Verdict.NA.value
    return str(value) if field.type is FieldType.VERDICT and value else None


def _texts(field: Field, value: Any, languages: Languages) -> tuple[pdf.Words, ...]:
    """What was written or chosen, one entry per option."""
    if not value or field.type in (FieldType.VERDICT, FieldType.NUMBER, FieldType.TABLE):
        return ()
    if field.type in (FieldType.SELECT_ONE, FieldType.SELECT_MANY):
        chosen = value if isinstance(value, list) else [value]
        options = [option for option in field.options if option.id in chosen]
        return tuple(words_of(option.label, languages) for option in options)
    if field.type is FieldType.DATE:
        return (pdf.Words(date_words(str(value), languages[0])),)
    return (pdf.Words(str(value)),)


def _measurement(field: Field, value: Any, languages: Languages) -> pdf.Measurement | None:
    if field.type is not FieldType.NUMBER or not isinstance(value, Mapping):
        return None
    return _reading(field, value, judge(field, dict(value)), languages)


def _table(field: Field, value: Any, languages: Languages) -> pdf.Table | None:
    """Every cell, measured or not; nothing at all for a table that is N.A. or untouched."""
    if field.type is not FieldType.TABLE or not isinstance(value, Mapping):
        return None
    marks = judge_cells(field, dict(value))

    def cell(row_id: str, column_id: str) -> pdf.Measurement | None:
        key = f"{row_id}:{column_id}"
        if key not in value:
            return None
        return _reading(field, value[key], marks.get(key, Judgement.NONE), languages)

    return pdf.Table(
        columns=tuple(words_of(column.label, languages) for column in field.columns),
        rows=tuple(
            pdf.TableRow(
                words_of(row.label, languages),
                tuple(cell(row.id, column.id) for column in field.columns),
            )
            for row in field.rows
        ),
    )


def _reading(
    field: Field, reading: Mapping[str, Any], judgement: Judgement, languages: Languages
) -> pdf.Measurement:
    """The number as it was judged, by whom the first language is read, without its unit."""
    seen = shown(reading, field.limits.unit if field.limits else None, languages[0])
    return pdf.Measurement(seen.text, MARKS.get(judgement), seen.typed)


def limits_of(field: Field) -> pdf.Limits | None:
    """Unit and bounds as decimal text; None for a field without either."""
    if field.limits is None:
        return None
    low, high = (
        None if bound is None else format(bound, "f")
        for bound in (field.limits.min, field.limits.max)
    )
    return pdf.Limits(field.limits.unit, low, high)
