"""A note: text to read, without an answer."""

from __future__ import annotations

from datetime import date
from random import Random

from app.definition.answers import InvalidAnswer
from app.definition.fields.kind import FieldKind
from app.definition.judging import AnswerFacts
from app.definition.schema import Field, FieldType, Language
from app.definition.sentences import N_, say

NO_ANSWER_HERE = N_("This is a note and does not accept an answer.")


class NoteKind(FieldKind):
    type = FieldType.NOTE
    name = N_("note")
    workbook_words = "note|notice|info|information|nota|aviso|informacao|observacao"
    is_required_by_default = False

    def _parse(self, field: Field, raw: object, language: Language | None) -> None:
        raise InvalidAnswer(say(NO_ANSWER_HERE))

    def has_value(self, field: Field, facts: AnswerFacts) -> bool:
        return False

    def is_na(self, field: Field, facts: AnswerFacts) -> bool:
        return False

    def example(self, field: Field, chance: Random, today: date, *, wrong: bool) -> None:
        return None
