"""Reads title, code and standards from the top of a client's sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.definition.mapping.view import View
from app.definition.workbook.header import make_code

_CODE = re.compile(
    r"\b(?:doc(?:ument|umento)?|c[oó]d(?:igo)?|code|form(?:ul[aá]rio)?|protocol[o]?)\b\.?\s*(?:n[º°o.]*)?"
    r"\s*[:#.]\s*(?P<code>[A-Z0-9][A-Z0-9._/-]{2,31})",
    re.IGNORECASE,
)
_STANDARD = re.compile(
    r"\b(?:ABNT\s+)?(?:NBR|IEC|IEEE|NETA|NFPA|ISO|NEMA|ANSI|UL|ASTM|BS|NR|DIN|EN)(?:\s+(?:IEC|ISO|EN))?"
    r"[\s-]+(?:[A-Z]{2,4}[\s-])?[0-9][0-9A-Z.:/-]*\b"
)
_PLACEHOLDER = re.compile(r"[\[<(].*[\])>]|logo(?:tipo)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Title:
    title: str
    code: str
    standards: tuple[str, ...]
    used: tuple[tuple[int, int], ...] = ()


def read_title(view: View, last: int) -> Title:
    """What the rows above the first table say; empty where they do not."""
    cells = [(row, column, text) for row, column, text in view.texts(1, max(last, 1))]
    texts = [text for *_, text in cells]
    code = next((match["code"] for text in texts if (match := _CODE.search(text))), "")
    standards = [match[0].strip(" .-") for text in texts for match in _STANDARD.finditer(text)]
    used = [(row, col) for row, col, text in cells if _CODE.search(text) or _STANDARD.search(text)]
    title, place = _title(view, cells)
    return Title(
        title,
        make_code(code) if code else "",
        tuple(dict.fromkeys(standards))[:20],
        (*used, *([place] if place else [])),
    )


def _title(view: View, cells: Sequence[tuple[int, int, str]]) -> tuple[str, tuple[int, int] | None]:
    """The first text that is no label and no placeholder."""
    for row, column, text in cells:
        words = " ".join(text.split())
        is_label = words.endswith(":") or _CODE.search(words)
        is_beside = len(view.filled(row)) > 2
        if len(words) < 5 or is_label or is_beside or _PLACEHOLDER.fullmatch(words):
            continue
        parts = [" ".join(line.split()) for line in text.split("\n") if line.strip()]
        return " – ".join(parts)[:300], (row, column)
    return "", None
