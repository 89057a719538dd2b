"""The rules of a field as the PDF prints them: how its value was calculated, and which rule failed.

Both are sentences in the checklist's languages, made from the stored trees.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.definition.assessment import AssessedField
from app.definition.logic.tree import Node
from app.definition.logic.wording import LogicReader, words_of
from app.definition.schema import Definition, Language
from app.pdf.context import PrintedText
from app.pdf.labels import Labels
from app.words import VERDICTS, sentence_in


def rules_of(
    one: AssessedField,
    whole: Definition,
) -> Iterator[PrintedText]:
    """`whole` is the definition with its hidden fields, which rules may name."""
    if one.field.calculation is not None:
        yield _printed("calculated", one.field.calculation, whole)
    if one.fails and one.field.fails_when is not None:
        yield _printed("failed_rule", one.field.fails_when, whole)


def _printed(key: str, node: Node, whole: Definition) -> PrintedText:
    said = [
        Labels((language.value,)).first(key, words=_words(node, whole, language))
        for language in whole.languages
    ]
    return PrintedText(*said)


def _words(node: Node, whole: Definition, language: Language) -> str:
    reader = LogicReader(
        whole,
        (language, *(one for one in whole.languages if one is not language)),
        language,
        lambda sentence: sentence_in(sentence, language.value),
        lambda verdict: VERDICTS.word_in(verdict, language.value),
    )
    return words_of(node, reader)
