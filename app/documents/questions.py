"""A field with its answer as the PDF prints it. app.definition assesses the answer.

pictures.py has the photos, context.py the report as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from app.definition.assessment import AssessedField
from app.definition.fields import kind_of, readings
from app.definition.fields.kind import ONLY, Printed
from app.definition.judging import AnswerFacts, Judgement
from app.definition.measured import shown
from app.definition.schema import Field, Language, Prefill, Text
from app.documents.words import date_words, words_of
from app.pdf import context as pdf
from app.reports.own_values import OwnValue

MARKS = {Judgement.IN_LIMITS: pdf.Mark.IN, Judgement.OUT_OF_LIMITS: pdf.Mark.OUT}

Languages = tuple[Language, ...]
Readings = Mapping[str, pdf.Measurement]


def question_of(
    assessed: AssessedField,
    number: str,
    languages: Languages,
    photos: tuple[pdf.Photo, ...],
    own: OwnValue | None = None,
    rules: tuple[pdf.PrintedText, ...] = (),
) -> pdf.Question:
    """The field with its answer. N.A. prints its reason instead of a value; an answer that differs
    from the report's own value prints both."""
    field, facts, set_aside = assessed.field, assessed.facts, assessed.is_na
    measured = {} if set_aside else _measured(assessed, languages)
    printed = () if set_aside or not facts.value else kind_of(field).print(field, facts.value)
    return pdf.Question(
        field_id=field.id,
        number=number,
        label=words_of(field.label, languages),
        is_note=not field.is_question,
        hint=words_of(field.hint, languages) if field.hint else None,
        verdict=_verdict(assessed),
        texts=tuple(_words(part, languages) for part in printed),
        is_chosen=field.type.takes.options,
        measurement=measured.get(ONLY),
        table=_table(field, measured, languages) if field.rows and measured else None,
        limits=limits_of(field),
        na_reason=(facts.na_reason or "") if set_aside else "",
        comment=facts.comment or "",
        photos=photos,
        rules=rules,
        is_failed=assessed.fails,
        differs=_differing(own, facts, languages) if own and not set_aside else None,
    )


def _differing(own: OwnValue, facts: AnswerFacts, languages: Languages) -> pdf.Differing | None:
    if not own.differs_from(facts):
        return None
    both = (own.value, str(facts.value))
    if own.source is Prefill.START_DATE:
        both = (_day_words(both[0], languages), _day_words(both[1], languages))
    return pdf.Differing(own.source.value, *both)


def _day_words(stored: str, languages: Languages) -> str:
    return date_words(date.fromisoformat(stored), languages[0])


def _verdict(one: AssessedField) -> str | None:
    """The verdict that the answer states; limits and rules have their own marks."""
    if not (one.is_na or kind_of(one.field).is_verdict_type):
        return None
    verdict = one.verdict
    return verdict.value if verdict else None


def _words(part: Printed, languages: Languages) -> pdf.PrintedText:
    if isinstance(part, Text):
        return words_of(part, languages)
    return pdf.PrintedText(date_words(part, languages[0]) if isinstance(part, date) else part)


def _measured(one: AssessedField, languages: Languages) -> Readings:
    """The judged numbers, formatted for the first language, without their unit."""
    found = {}
    for key, reading in readings(one.field, one.facts.value):
        seen = shown(reading, one.field.unit, languages[0])
        found[key] = pdf.Measurement(seen.text, MARKS.get(one.judgements[key]), seen.typed)
    return found


def _table(field: Field, measured: Readings, languages: Languages) -> pdf.MeasurementTable:
    """The table with all cells, including empty ones."""
    return pdf.MeasurementTable(
        columns=tuple(words_of(column.label, languages) for column in field.columns),
        rows=tuple(
            pdf.TableRow(
                words_of(row.label, languages),
                tuple(measured.get(f"{row.id}:{column.id}") for column in field.columns),
            )
            for row in field.rows
        ),
    )


def limits_of(field: Field) -> pdf.Limits | None:
    """Unit and bounds as decimal text; None if the field has neither."""
    if field.limits is None:
        return None
    low, high = (
        None if bound is None else format(bound, "f")
        for bound in (field.limits.min, field.limits.max)
    )
    return pdf.Limits(field.limits.unit, low, high)
