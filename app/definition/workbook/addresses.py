"""Cell addresses as spreadsheets write them: "B7", "A1:C3", "D:D"."""

from __future__ import annotations

import re
from functools import cache

# The limits of Excel.
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384

_RANGE = re.compile(
    r"\$?(?P<left>[A-Z]{1,3})?\$?(?P<top>[0-9]{1,7})?"
    r"(?::\$?(?P<right>[A-Z]{1,3})?\$?(?P<bottom>[0-9]{1,7})?)?"
)


@cache
def letters(column: int) -> str:
    """The letters of a column number, counted from 1."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


@cache
def number(name: str) -> int:
    """The column number of its letters."""
    count = 0
    for letter in name.upper():
        count = count * 26 + ord(letter) - ord("A") + 1
    return count


def address(row: int, column: int) -> str:
    return f"{letters(column)}{row}"


def bounds(text: str) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a range; whole rows and columns end at Excel's limits.

    Raises ValueError for an invalid range.
    """
    match = _RANGE.fullmatch(text.strip().upper())
    if match is None or not (match["left"] or match["top"]):
        raise ValueError(f"{text!r} is no range")
    is_one = ":" not in text
    left = number(match["left"]) if match["left"] else 1
    top = int(match["top"]) if match["top"] else 1
    right = number(match["right"]) if match["right"] else (left if is_one else LAST_COLUMN)
    bottom = int(match["bottom"]) if match["bottom"] else (top if is_one else LAST_ROW)
    return left, top, right, bottom
