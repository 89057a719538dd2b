"""Cells that a spreadsheet program would read as a formula."""

from __future__ import annotations

import re
import unicodedata

# The cell separators of Excel in different countries.
CUTS = re.compile(r"[,;|\t\n\r]")


STARTS = [*"=+-@\t\r", *"＝＋－＠", *"﹦﹢﹣﹫"]


AFTER = [
    "",
    "x;",
    "x,",
    "x\t",
    "x\n",
    "x\r\n",
    "x|",
    "x; ",
    'x;"',
    'x;""',
    "x;\u200b",
    "x;;",
    "x,\ufeff",
]


HOSTILE = [f"{before}{start}cmd('calc')" for before in AFTER for start in STARTS]


def formulas_in(cell: str) -> list[str]:
    """The parts of a cell, split at every separator, that begin like a formula."""
    parts = [part.lstrip(' "\u00a0\u200b\ufeff') for part in CUTS.split(cell)]
    return [
        part for part in parts if part and unicodedata.normalize("NFKC", part[0]) in tuple("=+-@")
    ]
