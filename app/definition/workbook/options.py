"""Splits the answers listed in a cell, and recognises OK, Not OK and N.A. among them.

Authors use various separators; `/` counts only outside `N/A`.
"""

from __future__ import annotations

import re

from app.definition.schema import Verdict
from app.definition.workbook.ids import plain_words

_NA = re.compile(r"(?<![^\W_])n\s*/\s*a(?![^\W_])", re.IGNORECASE)
# Replaces the slash of N/A while the text is split; the cell reader removes every NUL.
_SLASH = "\x00"
_AROUND_BREAK = re.compile(r"[ ]*([/|,;])[ ]*\n\s*|\s*\n[ ]*([/|,;])[ ]*")
# Bars and new lines never occur inside an answer, so they come first; then the slash, then
# the comma, except decimal commas.
_MARKS = (r"\||\n", r"[/／]", r"(?<![0-9]),|,(?![0-9])|;", r",")

_VERDICT_WORDS = {
    Verdict.OK: "ok|okay",
    Verdict.NOT_OK: "not ok|nao ok|nok|no ok|notok|n ok|non ok|not okay",
    Verdict.NA: "n a|na|not applicable|nao aplicavel|nao se aplica|n aplicavel",
}
# Words that clients sometimes use for other options, so they count only with the type verdict.
_WIDER_WORDS = {
    Verdict.OK: "pass|passed|conforme|c|aprovado|aprovada|compliant|yes|sim|ok",
    Verdict.NOT_OK: "fail|failed|nao conforme|nc|reprovado|reprovada|non compliant"
    "|not compliant|no|nao|inconforme",
}


def _by_word(words: dict[Verdict, str]) -> dict[str, Verdict]:
    return {word: verdict for verdict, names in words.items() for word in names.split("|")}


_VERDICT_OF = _by_word(_VERDICT_WORDS)
_WIDER_VERDICT_OF = _by_word(_WIDER_WORDS) | _VERDICT_OF


def split_options(text: str) -> list[str]:
    """The answers listed in a cell, in order, without empty ones; one if there is no separator."""
    text = _NA.sub(lambda match: match[0].replace("/", _SLASH), text)
    text = _AROUND_BREAK.sub(lambda match: f"{match[1] or match[2]} ", text)
    for mark in _MARKS:
        parts = [part.strip() for part in re.split(mark, text)]
        parts = [part.replace(_SLASH, "/") for part in parts if part]
        if len(parts) > 1:
            return parts
    return parts


def is_verdict(text: str, *, widely: bool = False) -> bool:
    """Whether the listed answers are OK and Not OK, with or without N.A., in any order.

    `widely` also accepts pass and fail, conforme and não conforme, yes and no.
    """
    words = _WIDER_VERDICT_OF if widely else _VERDICT_OF
    loose = [part for part in re.split(r"[/|,;\n]", _NA.sub("na", text)) if part.strip()]
    for parts in (split_options(text), loose):
        found = [words.get(plain_words(part)) for part in parts]
        distinct = set(found)
        if len(distinct) == len(found) and {Verdict.OK, Verdict.NOT_OK} <= distinct:
            return None not in distinct
    return False
