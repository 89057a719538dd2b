"""Texts that reading a cell would change, such as double spaces: kept as Base64 beside the cell.

They count only as long as nobody has changed what the cell shows.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from app.definition.workbook.shown import plain_text

# What a cell shows for a text that has no visible character.
BLANK = "–"
_LONGEST = 4_000


def shown(text: str) -> str:
    """What a cell shows for a text; empty only for an empty text."""
    return plain_text(text) or (text and BLANK)


def exact_rows(cells: Mapping[tuple[str, str], str]) -> list[tuple[str, str, str]]:
    """Rows of the laudo sheet for texts that reading a cell would change: sheet, cell, Base64."""
    rows = []
    for (sheet, cell), text in cells.items():
        code = base64.b64encode(text.encode()).decode()
        rows += [
            (sheet, cell, code[start : start + _LONGEST]) for start in range(0, len(code), _LONGEST)
        ]
    return rows


def exact_text(code: str) -> str | None:
    """The text of the joined Base64 of exact_rows; None if it is damaged."""
    try:
        return base64.b64decode(code, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
