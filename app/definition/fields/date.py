"""A date, stored as YYYY-MM-DD."""

from __future__ import annotations

import re
from datetime import date
from random import Random

from app.definition.answers import AnswerValue, InvalidAnswer, excerpt, word_of
from app.definition.fields.kind import FieldKind, Reader
from app.definition.schema import Field, FieldType, Language
from app.definition.sentences import N_, say

FIRST_YEAR, LAST_YEAR = 1900, 2100

NOT_A_DATE = N_('"%(text)s" is not a date. Enter it as year-month-day, for example 2026-03-31.')
FAR_DATE = N_("The year must be between %(first)s and %(last)s.")


class DateKind(FieldKind):
    type = FieldType.DATE
    name = N_("date")
    workbook_words = "date|data"

    def _parse(self, field: Field, raw: object, language: Language | None) -> str | None:
        word = word_of(raw)
        if not word:
            return None
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", word):
            raise InvalidAnswer(say(NOT_A_DATE, text=excerpt(word)))
        try:
            day = date.fromisoformat(word)
        except ValueError:
            raise InvalidAnswer(say(NOT_A_DATE, text=excerpt(word))) from None
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise InvalidAnswer(say(FAR_DATE, first=str(FIRST_YEAR), last=str(LAST_YEAR)))
        return word

    def read(self, field: Field, value: AnswerValue, reader: Reader) -> str:
        return reader.day(str(value))

    def cell(self, field: Field, value: AnswerValue, reader: Reader) -> date:
        return date.fromisoformat(str(value))

    def print(self, field: Field, value: AnswerValue) -> tuple[date]:
        return (date.fromisoformat(str(value)),)

    def example(self, field: Field, chance: Random, today: date, *, wrong: bool) -> str:
        return today.isoformat()
