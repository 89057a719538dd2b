"""A time of day, stored as HH:MM."""

from __future__ import annotations

import re
from datetime import date, time
from random import Random

from app.definition.answers import AnswerValue, InvalidAnswer, excerpt, word_of
from app.definition.fields.kind import FieldKind, Reader
from app.definition.schema import Field, FieldType, Language
from app.definition.sentences import N_, say

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::00(?:\.0+)?)?")

NOT_A_TIME = N_('"%(text)s" is not a time of day. Enter hours and minutes, for example 14:05.')


class TimeKind(FieldKind):
    type = FieldType.TIME
    name = N_("time")
    workbook_words = "time|hora|horario"

    def _parse(self, field: Field, raw: object, language: Language | None) -> str | None:
        word = word_of(raw)
        if not word:
            return None
        match = _TIME.fullmatch(word)
        if not match:
            raise InvalidAnswer(say(NOT_A_TIME, text=excerpt(word)))
        return f"{match[1]:0>2}:{match[2]}"

    def cell(self, field: Field, value: AnswerValue, reader: Reader) -> time:
        return time.fromisoformat(str(value))

    def example(self, field: Field, chance: Random, today: date, *, wrong: bool) -> str:
        return f"{chance.randint(7, 17):02d}:{chance.randrange(0, 60, 5):02d}"
