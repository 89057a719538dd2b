"""Both catalogues are complete: every visible text exists in Portuguese."""

from __future__ import annotations

import re
from gettext import c2py

import pytest

from app.definition.schema import FieldType
from app.definition.workbook.fields import TYPE_MISSING
from app.definition.workbook.grammar import UNKNOWN_TYPE, parse_type
from app.errors import DomainError
from app.translations.extract import DOMAIN_BASES
from tests.policy.catalogues import collected, portuguese

# Collecting the texts takes seconds, so one worker does it.
pytestmark = pytest.mark.xdist_group("catalogue")

PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|%%")


def test_every_text_is_translated():
    translated = portuguese()
    missing = []
    for message in collected():
        if message.id:
            found = translated.get(message.id, message.context)
            strings = found.string if found is not None else ""
            strings = strings if isinstance(strings, tuple) else (strings,)
            if not all(strings) or found.fuzzy:
                missing.append(message.id)
    assert missing == []


def test_nothing_is_counted_in_the_plural():
    """As written in Brazil: "0 relatórios", never "0 relatório"."""
    which = c2py(portuguese().plural_expr)
    assert [which(number) for number in (0, 1, 2)] == [1, 0, 1]


def test_translations_keep_their_placeholders():
    wrong = []
    for message in portuguese():
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = set(PLACEHOLDER.findall(" ".join(ids)))
        wrong += [message.id for one in strings if not set(PLACEHOLDER.findall(one)) <= wanted]
        if len(ids) == 1 and set(PLACEHOLDER.findall(strings[0])) != wanted:
            wrong.append(message.id)
    assert wrong == []


def test_no_translation_is_left_over():
    ids = {message.id for message in collected()}
    assert [message.id for message in portuguese() if message.id not in ids] == []


@pytest.mark.parametrize("sentence", [UNKNOWN_TYPE, TYPE_MISSING])
def test_the_types_that_a_translation_names_can_be_written_in_a_workbook(sentence: str):
    told = portuguese().get(sentence)
    assert told is not None
    kinds = [
        [parse_type(name) for name in words.rstrip(".").rpartition(": ")[2].split(", ")]
        for words in (sentence, str(told.string))
    ]
    assert kinds[0] == kinds[1] == list(FieldType)


def test_the_extractor_knows_every_base_of_the_domain_errors():
    def children(cls: type[DomainError]) -> list[type[DomainError]]:
        return [one for child in cls.__subclasses__() for one in (child, *children(child))]

    bases = {base.__name__ for cls in children(DomainError) for base in cls.__bases__}
    assert bases - {"object"} <= DOMAIN_BASES
