"""Text of several paragraphs."""

from __future__ import annotations

from datetime import date
from random import Random

from app.definition.answers import clean_text, text_of
from app.definition.fields.kind import FieldKind
from app.definition.schema import Field, FieldType, Language
from app.definition.sentences import N_

MAX_LONG_TEXT = 20_000
EXAMPLE = (
    "The board was energized without incident. Torque marks, labels and covers were checked"
    " once more after 30 minutes under load."
)


class LongTextKind(FieldKind):
    type = FieldType.LONG_TEXT
    name = N_("long text")
    workbook_words = (
        "long text|paragraph|multiline|multi line|text area|textarea|memo"
        "|texto longo|paragrafo|texto multilinha"
    )
    is_required_by_default = False
    is_long = True

    def _parse(self, field: Field, raw: object, language: Language | None) -> str | None:
        return clean_text(text_of(raw), MAX_LONG_TEXT) or None

    def example(self, field: Field, chance: Random, today: date, *, wrong: bool) -> str:
        return EXAMPLE
