"""A short text on one line."""

from __future__ import annotations

from datetime import date
from random import Random

from app.definition.answers import clean_text, text_of
from app.definition.fields.kind import FieldKind
from app.definition.schema import Field, FieldType, Language
from app.definition.sentences import N_

MAX_TEXT = 2_000


class TextKind(FieldKind):
    type = FieldType.TEXT
    name = N_("text")
    workbook_words = "text|short text|free text|string|texto|texto curto|texto livre"

    def _parse(self, field: Field, raw: object, language: Language | None) -> str | None:
        return clean_text(text_of(raw), MAX_TEXT) or None

    def example(self, field: Field, chance: Random, today: date, *, wrong: bool) -> None:
        return None
