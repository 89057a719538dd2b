"""Measured values: the text as typed beside the decimal it stands for.

Evidence keeps what the person wrote; rules compare the decimal. Floats appear nowhere.
Limits and verdicts do not belong here (see judging.py).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Context, Decimal

from app.definition.sentences import N_, Sentence, say

MAX_NUMBER_TEXT = 64
MAX_DIGITS = 30
MAX_EXPONENT = 30

_BOUND = r"(?P<bound>>=|<=|=>|=<|[<>≤≥])?"
_NUMBER = re.compile(
    rf"{_BOUND}\s*(?P<sign>[+\-−–])?\s*(?P<digits>[0-9.,]|[0-9.,][0-9., '’]*[0-9.,])"
    r"(?:\s?[eE](?P<exponent>[+\-−]?[0-9]{1,4}))?"
)
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?P<mark>[., '])[0-9]{3}(?:(?P=mark)[0-9]{3})*")
# normalize() rounds to its context, so the context must be wider than any number we accept.
_EXACT = Context(prec=MAX_DIGITS + 2 * MAX_EXPONENT)

NOT_A_NUMBER = N_('"%(text)s" is not a number. Write digits, for example 0,08 or 1250.5.')
TOO_LONG = N_("The number is longer than %(limit)s characters.")
OUT_OF_RANGE = N_('"%(text)s" has more digits than any instrument shows.')


class InvalidAnswer(ValueError):
    """A value that cannot be kept as the answer; `sentence` says why and how to correct it.

    `cell` is the key (`row_id:column_id`) of the table cell concerned, else None.
    """

    def __init__(self, sentence: Sentence, cell: str | None = None) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence
        self.cell = cell


@dataclass(frozen=True, slots=True)
class Measured:
    """A reading: `text` as typed, `decimal` in plain notation with a point ("0.08")."""

    text: str
    decimal: str

    def to_json(self) -> dict[str, str]:
        """The canonical answer value of a number field or of one table cell."""
        return {"text": self.text, "decimal": self.decimal}

    @property
    def number(self) -> Decimal:
        return Decimal(self.decimal)

    @property
    def is_above(self) -> bool:
        """Whether the instrument said "more than" the decimal, strictly (">200")."""
        return self.text.startswith(">") and not self.text.startswith((">=", "=>"))

    @property
    def is_below(self) -> bool:
        """Whether the instrument said "less than" the decimal, strictly ("<0.5")."""
        return self.text.startswith("<") and not self.text.startswith(("<=", "=<"))


def parse_decimal(text: str, *, unit: str | None = None) -> Measured:
    """Read a number as people and instruments write it.

    Comma or point decimals; spaces, apostrophes, or the other of comma and point as
    thousands; a leading sign; `1.5e-6`; ">200" and "<0.5", whose decimal is the bound.
    One comma or point alone is always the decimal mark ("1,234" is 1.234). `unit`, where
    it is typed after the number, is left out of the decimal. Raises InvalidAnswer.
    """
    typed = unicodedata.normalize("NFC", _shown(text)) if len(text) <= MAX_NUMBER_TEXT else None
    if typed is None:
        raise InvalidAnswer(say(TOO_LONG, limit=MAX_NUMBER_TEXT))
    match = _NUMBER.fullmatch(without_unit(typed, unit))
    number = match and _plain_digits(match["digits"])
    if not match or not number:
        raise InvalidAnswer(say(NOT_A_NUMBER, text=typed))
    exponent = int((match["exponent"] or "0").replace("−", "-"))
    if len(number) > MAX_DIGITS or abs(exponent) > MAX_EXPONENT:
        raise InvalidAnswer(say(OUT_OF_RANGE, text=typed))
    negative = match["sign"] not in (None, "+")
    decimal = Decimal(f"{'-' if negative else ''}{number}E{exponent}")
    return Measured(text=typed, decimal=plain(decimal))


def plain(decimal: Decimal) -> str:
    """A finite decimal without exponent, trailing zeros or a negative zero."""
    return format(decimal.normalize(_EXACT), "f") if decimal else "0"


def _shown(text: str) -> str:
    # Every kind of space that phones and spreadsheets put between thousands becomes one.
    return re.sub(r"\s+", " ", re.sub(r"[\x00-\x08\ud800-\udfff]", "", text)).strip()


def without_unit(text: str, unit: str | None) -> str:
    """A reading as typed, less the unit where that was typed too; whoever shows it adds it."""
    if not unit:
        return text
    # NFKC makes one of the two ohms and the two micros, which look the same.
    compared, tail = (unicodedata.normalize("NFKC", one) for one in (text, unit.strip()))
    return compared[: -len(tail)].rstrip() if compared.endswith(tail) else text


def _plain_digits(digits: str) -> str | None:
    """Digits with at most one point, or None where the marks make no sense."""
    digits = digits.replace("’", "'")
    point = _decimal_mark(digits)
    whole, _, fraction = digits.rpartition(point) if point else (digits, "", "")
    if _GROUPED.fullmatch(whole):
        whole = re.sub(r"[^0-9]", "", whole)
    if not re.fullmatch(r"[0-9]*", whole) or not re.fullmatch(r"[0-9]*", fraction):
        return None
    return f"{whole or '0'}.{fraction or '0'}" if whole or fraction else None


def _decimal_mark(digits: str) -> str:
    """The mark before the fraction: the last of both, else the only one that stands once."""
    comma, stop = digits.count(","), digits.count(".")
    if comma and stop:
        return "," if digits.rindex(",") > digits.rindex(".") else "."
    if comma == 1 or stop == 1:
        return "," if comma else "."
    return ""
