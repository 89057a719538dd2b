"""A selection of any number of options; the value is their ids in the definition's order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random

from app.definition.answers import not_an_option, not_understood, word_of
from app.definition.fields.choosing import ChoosingKind
from app.definition.schema import Field, FieldType, Language
from app.definition.sentences import N_


class SelectManyKind(ChoosingKind):
    type = FieldType.SELECT_MANY
    name = N_("several of several answers")
    workbook_words = (
        "select many|select multiple|multi select|multiselect|multiple select"
        "|multiple choice|checkbox|checkboxes|check boxes|selecao multipla|selecionar varios"
        "|multipla escolha|multipla selecao|varias opcoes|caixas de selecao|caixa de selecao"
    )

    def _parse(self, field: Field, raw: object, language: Language | None) -> list[str] | None:
        items = [raw] if isinstance(raw, str) else raw
        if not isinstance(items, Sequence):
            raise not_understood()
        chosen = {word for word in map(word_of, items) if word}
        unknown = sorted(chosen - {option.id for option in field.options})
        if unknown:
            raise not_an_option(unknown[0])
        return [option.id for option in field.options if option.id in chosen] or None

    def from_form(self, texts: Sequence[object]) -> Sequence[object]:
        return texts

    def example(self, field: Field, chance: Random, today: date, *, wrong: bool) -> list[str]:
        count = chance.randint(1, len(field.options))
        return [option.id for option in chance.sample(field.options, count)]
