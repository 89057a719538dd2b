"""Parses the two limits of a cell, and detects limits that could be two numbers.

The author's number language is unknown, so `1,000` may be 1 or 1000. Only the other limit of
the same question can decide which; the size of a limit never does.
"""

from __future__ import annotations

import re
from decimal import Decimal

from app.definition.measured import InvalidAnswer, Measured, decimal_mark, parse_decimal
from app.definition.sentences import N_, say
from app.definition.workbook.problems import Unclear, short

LIMIT_NUMBER = N_('"%(text)s" is not a number that can be used as a limit.')
OTHER_UNIT = N_(
    "\"%(text)s\" is not in the question's unit. Change the question's unit to "
    "match, or write only the number."
)
TWO_NUMBERS = N_('"%(text)s" can be read as two numbers. Write %(large)s or %(small)s instead.')

_WITH_UNIT = re.compile(r"[-+−]?[0-9][0-9.,]*\s?[^\s0-9.,/:\-+−E][^0-9]{0,12}")


def read_bounds(
    low: str | None, high: str | None, unit: str | None
) -> tuple[Decimal | None, Decimal | None]:
    """Minimum and maximum. Raises Unclear if one is not a number or could be two."""
    both = (low, high)
    marks = {decimal_mark(text) for text in both if text} - {None}
    mark = marks.pop() if len(marks) == 1 else None
    least, most = (_bound(text, unit, mark) for text in both)
    return least, most


def _bound(text: str | None, unit: str | None, mark: str | None) -> Decimal | None:
    if text is None:
        return None
    measured = _read(text, unit)
    if measured.doubt is None:
        return measured.number
    if mark is None:
        raise Unclear(say(TWO_NUMBERS, text=short(text), large=_large(text), small=_small(text)))
    return measured.number if mark in text else Decimal(measured.doubt)


def _read(text: str, unit: str | None) -> Measured:
    try:
        if not text.startswith(("<", ">", "≤", "≥", "=")):
            return parse_decimal(text, unit=unit)
    except InvalidAnswer:
        pass
    sentence = OTHER_UNIT if _WITH_UNIT.fullmatch(text) else LIMIT_NUMBER
    raise Unclear(say(sentence, text=short(text)))


def _large(text: str) -> str:
    """`1,500 V` without its mark: 1500 V."""
    return short(text.replace(",", "").replace(".", ""))


def _small(text: str) -> str:
    """`1,500 V` with another number of digits after its mark, so that it is unambiguous."""
    whole, mark, rest = text.partition("," if "," in text else ".")
    digits, tail = rest[:3], rest[3:]
    fewer = digits.rstrip("0") or "0"
    return short(f"{whole}{mark}{fewer if len(fewer) < len(digits) else f'{digits}0'}{tail}")
