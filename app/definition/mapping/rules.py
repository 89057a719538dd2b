"""Rules that a client writes as prose: what a Not OK demands, and what the marks are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.definition.mapping.words import verdict_of
from app.definition.schema import Verdict
from app.definition.workbook.ids import plain_words

_DEMANDS = re.compile(
    r"\b(exig\w+|requer\w*|deve\w*|devera\w*|obrigat\w+|requires?|required|must|needs?|shall"
    r"|mandatory|necessari\w+|registrar|preencher|record|provide|attach|anexar|take|tirar)\b"
)
_NOT_OK = re.compile(
    r"\b(nc|ncs|nok|nao conform\w*|not ok|fail\w*|reprovad\w+|non conform\w*|nonconform\w*"
    r"|rejected|defects?|not acceptable|nao atend\w+)\b"
)
# A single letter counts only as the client writes marks: alone and in capitals.
_LETTER = re.compile(r"\b(?i:every|each|any|all|todo|toda|cada|qualquer)\s+(?:F|R|N)\b")
_COMMENT = re.compile(
    r"\b(observac\w+|coment\w+|comments?|remarks?|justificativ\w+|notes?|explain\w*)\b"
)
_PHOTO = re.compile(r"\b(foto\w*|photo\w*|pictures?|imag\w+)\b")
_EVERYTHING = re.compile(
    r"\b(todos os itens|cada item|todo item|every item|each item|all items|every check|each check"
    r"|todas as verificacoes|every row|each row|every line|cada linha)\b"
)
_LEGEND = re.compile(
    r"(?P<mark>[A-Za-z/]{1,4}|[✓✔✗✘])\s*(?:[=:–]|\s-\s|\()\s*(?P<word>[^,;.()=\n]{1,25})"
)
_NOT_APPLICABLE = re.compile(r"\bN\.?/?A\.?\b")
_CROSS = re.compile(
    r"\b(?:com|with|use|marc\w+|mark)\s+(?:um\s+|an?\s+|o\s+|the\s+)?[\"'“]?(?P<mark>[Xx]\b|✓|✔)"
)


@dataclass(slots=True)
class Rules:
    """What all questions get. `sources` are the cells that say so, `marks` the words of a legend.

    `understood` are all the cells that became a rule or a mark.
    """

    comment_when_not_ok: bool = False
    photo_when_not_ok: bool = False
    photo_always: bool = False
    marks: dict[Verdict, str] = field(default_factory=dict)
    cross: str = "X"
    understood: set[tuple[str, str]] = field(default_factory=set)


def read_rules(texts: Iterable[tuple[str, str, str]]) -> Rules:
    """The rules in prose cells, given as (sheet, address, text)."""
    rules = Rules()
    for sheet, ref, text in texts:
        if len(text) < 8 or len(text) > 3_000:
            continue
        found = [_read_demand(rules, one) for one in re.split(r"[.\n]\s*", text)]
        is_rule = any(found)
        if _read_legend(rules, text) or is_rule:
            rules.understood.add((sheet, ref))
    return rules


def _read_demand(rules: Rules, sentence: str) -> bool:
    words = plain_words(sentence)
    if not _DEMANDS.search(words):
        return False
    is_photo, is_comment = bool(_PHOTO.search(words)), bool(_COMMENT.search(words))
    if not (is_photo or is_comment):
        return False
    if _NOT_OK.search(words) or _LETTER.search(sentence):
        rules.comment_when_not_ok |= is_comment
        rules.photo_when_not_ok |= is_photo
    elif _EVERYTHING.search(words) and is_photo:
        rules.photo_always = True
    else:
        return False
    return True


def _read_legend(rules: Rules, text: str) -> bool:
    found: dict[Verdict, str] = {}
    for match in _LEGEND.finditer(text):
        verdict = verdict_of(match["word"])
        if verdict and verdict not in found:
            found[verdict] = match["mark"]
    if Verdict.NA not in found and (na := _NOT_APPLICABLE.search(text)):
        found[Verdict.NA] = na[0]
    is_legend = Verdict.OK in found and Verdict.NOT_OK in found
    if is_legend:
        rules.marks = rules.marks or found
    cross = _CROSS.search(text)
    if cross:
        rules.cross = cross["mark"]
    return is_legend or cross is not None
