"""Detects the language of a workbook's text, where its headers do not name it.

A few common short words are enough to distinguish English from Portuguese in a checklist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.definition.schema import Language
from app.definition.workbook.columns import Column, HeaderRow
from app.definition.workbook.ids import name_set
from app.definition.workbook.sheet import VisibleSheet

_PORTUGUESE = name_set(
    "de|do|da|dos|das|em|nos|nas|não|nao|os|com|para|está|estão|foi|ao|ou|por|um|uma|e|é"
)
_ENGLISH = name_set("the|of|is|are|and|to|in|for|with|or|by|from|at|be|all|an|been|this")
_ACCENTED = re.compile(r"[ãõçáéíóúâêôà]")


def checklist_languages(sheet: VisibleSheet, header: HeaderRow) -> tuple[Language, ...]:
    """English and Portuguese if both question columns have text, else the only language.

    English always comes first, so moving columns never changes an id.
    """
    places = header.of(Column.LABEL)
    filled = [place for place in places if any(_words_below(sheet, header, place.index))]
    if len(filled) == 2:
        return (Language.EN, Language.PT)
    place = (filled or places)[0]
    named = place.name.language
    if named and (place.name.is_explicit or named is Language.PT):
        return (named,)
    if len(places) == 2 and named:
        return (named,)
    return (guess_language(_words_below(sheet, header, place.index)),)


def guess_language(texts: Iterable[str]) -> Language:
    """The language of some lines; English if it cannot be determined."""
    score = 0
    for text in texts:
        tokens = re.findall(r"\w+", text.casefold())
        score += sum(token in _PORTUGUESE for token in tokens)
        score += len(_ACCENTED.findall(text.casefold()))
        score -= sum(token in _ENGLISH for token in tokens)
    return Language.PT if score > 0 else Language.EN


def _words_below(sheet: VisibleSheet, header: HeaderRow, column: int) -> Iterable[str]:
    for row in range(header.row + 1, len(sheet.rows) + 1):
        text = sheet.cell(row, column).text
        if text:
            yield text
