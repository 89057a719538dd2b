"""A selection of one option; the value is its id."""

from __future__ import annotations

from datetime import date
from random import Random

from app.definition.answers import not_an_option, word_of
from app.definition.fields.choosing import ChoosingKind
from app.definition.schema import Field, FieldType, Language
from app.definition.sentences import N_


class SelectOneKind(ChoosingKind):
    type = FieldType.SELECT_ONE
    name = N_("one of several answers")
    workbook_words = (
        "select|select one|single select|single choice|drop down|dropdown"
        "|choice|list|radio|dropdown list|drop down list|picklist|selecao|selecao unica|selecionar"
        "|selecionar um|lista|lista suspensa|escolha unica|menu suspenso|opcao"
        "|yes no|sim nao|yes no n a|yes no na|sim nao n a|sim nao na"
    )

    def _parse(self, field: Field, raw: object, language: Language | None) -> str | None:
        word = word_of(raw)
        if word and field.option(word) is None:
            raise not_an_option(word)
        return word or None

    def example(self, field: Field, chance: Random, today: date, *, wrong: bool) -> str:
        return chance.choice(field.options).id
