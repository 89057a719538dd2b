"""Measured values: the text as typed, and the decimal it stands for.

Evidence keeps what the person wrote; rules compare the decimal. No floats are used.
An ambiguous text is read as one of two numbers and carries a doubt; fields/measuring.py handles the
decision. Limits and verdicts do not belong here (see judging.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

from app.definition.schema import Language
from app.definition.sentences import N_, Sentence, say
from app.definition.units import suffixes

MAX_NUMBER_TEXT = 64
MAX_DIGITS = 30
MAX_EXPONENT = 30

_START = r"(?P<bound>>=|<=|=>|=<|[<>≤≥])?\s*(?P<sign>[+\-−–])?\s*"
_NUMBER = (
    rf"{_START}(?P<digits>[0-9.,]|[0-9.,][0-9., '’]*[0-9.,])"
    r"(?:\s?[eE](?P<exponent>[+\-−]?[0-9]{1,4}))?"
)
_PLAIN = re.compile(_NUMBER)
# A unit has no digit except the power at its end ("m3").
_WITH_UNIT = re.compile(rf"{_NUMBER}\s?(?P<unit>[^0-9\s.,'’+\-−–][^0-9]*[23]?)")
# "2k2" and "4R7": the letter replaces the decimal mark.
_PARTED = re.compile(rf"{_START}(?P<whole>[0-9]+)(?P<letter>[^\W\d_])(?P<part>[0-9]+)(?P<unit>.*)")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?P<mark>[., '])[0-9]{3}(?:(?P=mark)[0-9]{3})*")
# One mark that may be a thousands separator or a decimal mark.
_EITHER = re.compile(r"[1-9][0-9]{0,2}(?P<mark>[.,])[0-9]{3}")
# The thousands separator; if the language is unknown, it may be either mark.
_THOUSANDS = {Language.EN: ",", Language.PT: ".", None: ",."}
_DECIMAL_MARK = {Language.EN: ".", Language.PT: ","}
# normalize() rounds to its context, so the context must be wider than any number we accept.
_EXACT = Context(prec=2 * MAX_DIGITS + 2 * MAX_EXPONENT)

NOT_A_NUMBER = N_('"%(text)s" is not a number. Use digits, for example 0,08 or 1250.5.')
OTHER_UNIT = N_(
    '"%(text)s" is not in %(unit)s, the unit of this measurement. Enter the number in %(unit)s.'
)
TOO_LONG = N_("The number is longer than %(limit)s characters.")
OUT_OF_RANGE = N_('"%(text)s" has more digits than any instrument shows.')


class InvalidAnswer(ValueError):
    """A value that cannot be stored as the answer; `sentence` says why and how to correct it.

    `cell` is the key (`row_id:column_id`) of the table cell concerned, else None.
    """

    def __init__(self, sentence: Sentence, cell: str | None = None) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence
        self.cell = cell


@dataclass(frozen=True, slots=True)
class Measured:
    """A reading: `text` as typed, `decimal` in plain notation with a point ("0.08").

    `doubt` is the other number that the text may mean ("1,200" is 1.2 or 1200), else None.
    `is_converted`: the unit was typed differently from the question's unit.
    """

    text: str
    decimal: str
    doubt: str | None = None
    is_converted: bool = False

    def to_json(self) -> dict[str, str]:
        """The canonical answer value of a number field or of one table cell."""
        value = {"text": self.text, "decimal": self.decimal}
        return value if self.doubt is None else {**value, "doubt": self.doubt}

    @property
    def number(self) -> Decimal:
        return Decimal(self.decimal)

    @property
    def is_above(self) -> bool:
        """Whether the reading is strictly above the decimal (">200")."""
        return self.text.startswith(">") and not self.text.startswith((">=", "=>"))

    @property
    def is_below(self) -> bool:
        """Whether the reading is strictly below the decimal ("<0.5")."""
        return self.text.startswith("<") and not self.text.startswith(("<=", "=<"))


@dataclass(frozen=True, slots=True)
class DisplayedReading:
    """A reading for display: the assessed number without its unit.

    `typed` is the typed text, where it looks like a different number.
    """

    text: str
    typed: str | None = None


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parsed text: digits with their marks, and a power of ten.

    `shift` is the power that the typed unit adds, None if no other unit was typed.
    """

    sign: str | None
    digits: str
    exponent: int
    shift: int | None


def parse_decimal(
    text: str, *, unit: str | None = None, language: Language | None = None
) -> Measured:
    """Parse a number as people and instruments write it.

    Accepts comma or point as decimal mark; spaces, apostrophes, or the other of comma and point as
    thousands separators; a leading sign; `1.5e-6`; ">200" and "<0.5", whose decimal is the bound.
    A single comma or point is read as the decimal mark ("1,234" is 1.234), with a doubt if it is
    the thousands separator in `language`; None means that the language is unknown. A typed `unit`
    is removed; a unit with another SI prefix ("980 kΩ" or "2k2" for MΩ) is converted to `unit`.
    Raises InvalidAnswer.
    """
    typed = unicodedata.normalize("NFC", _shown(text)) if len(text) <= MAX_NUMBER_TEXT else None
    if typed is None:
        raise InvalidAnswer(say(TOO_LONG, limit=MAX_NUMBER_TEXT))
    parts = _parts(typed, unit)
    number = parts and _plain_digits(parts.digits)
    if not parts or not number:
        raise InvalidAnswer(say(NOT_A_NUMBER, text=typed))
    if len(number) > MAX_DIGITS or abs(parts.exponent) > MAX_EXPONENT:
        raise InvalidAnswer(say(OUT_OF_RANGE, text=typed))
    is_either = _EITHER.fullmatch(parts.digits)
    grouped = is_either and is_either["mark"] in _THOUSANDS[language]
    return Measured(
        text=typed,
        decimal=_decimal(parts, number),
        doubt=_decimal(parts, re.sub(r"[^0-9]", "", parts.digits)) if grouped else None,
        is_converted=parts.shift is not None,
    )


def shown(reading: Mapping[str, object], unit: str | None, language: Language) -> DisplayedReading:
    """A stored reading for a reader of that language; the caller adds the unit.

    The typed text is shown alone where it means the same number to every reader of that language.
    """
    text, decimal = str(reading["text"]), str(reading["decimal"])
    try:
        read: Measured | None = parse_decimal(text, unit=unit, language=language)
    except InvalidAnswer:  # typed when the question's unit was spelled differently
        read = None
    if read == Measured(text, decimal) and "doubt" not in reading:
        return DisplayedReading(without_unit(text, unit))
    bound = re.match(_START, text)
    return DisplayedReading(((bound and bound["bound"]) or "") + written(decimal, language), text)


def written(decimal: str, language: Language) -> str:
    """A plain decimal with the language's decimal mark and a true minus sign."""
    return decimal.replace("-", "−").replace(".", _DECIMAL_MARK[language])


def decimal_mark(text: str) -> str | None:
    """The decimal mark of a number, where the number itself is unambiguous.

    "0,5" and "1.250,5" give a comma, "1,250,000" a point; None if the mark cannot be determined.
    """
    match = re.search(r"[0-9.,][0-9., '’]*[0-9.,]", text)
    if match is None or _EITHER.fullmatch(match[0]):
        return None
    if mark := _decimal_mark(match[0]):
        return mark
    grouped = _GROUPED.fullmatch(match[0])
    return {",": ".", ".": ","}.get(grouped["mark"]) if grouped else None


def plain(decimal: Decimal) -> str:
    """A finite decimal without exponent, trailing zeros or a negative zero."""
    return format(decimal.normalize(_EXACT), "f") if decimal else "0"


def _shown(text: str) -> str:
    # Phones and spreadsheets put various spaces between thousands; all become a plain space.
    return re.sub(r"\s+", " ", re.sub(r"[\x00-\x08\ud800-\udfff]", "", text)).strip()


def without_unit(text: str, unit: str | None) -> str:
    """A reading as typed, without the unit if it was typed too; the caller adds the unit."""
    if not unit:
        return text
    # Unicode has two ohms and two micros, which look the same; NFKC unifies them.
    compared, tail = (unicodedata.normalize("NFKC", one) for one in (text, unit.strip()))
    return compared[: -len(tail)].rstrip() if compared.endswith(tail) else text


def _parts(typed: str, unit: str | None) -> _Parts | None:
    """None if the text is not a number. Raises InvalidAnswer for a number in another unit."""
    if match := _PLAIN.fullmatch(without_unit(typed, unit)):
        return _counted(match, None)
    if not unit:
        return None
    known = suffixes(unit)
    if match := _PARTED.fullmatch(typed):
        letter, rest = (unicodedata.normalize("NFKC", match[one]) for one in ("letter", "unit"))
        if letter in known and known[letter] == known.get(letter + rest.strip()):
            return _Parts(match["sign"], f"{match['whole']}.{match['part']}", 0, known[letter])
    if match := _WITH_UNIT.fullmatch(typed):
        tail = unicodedata.normalize("NFKC", match["unit"])
        if tail in known:
            return _counted(match, known[tail])
        raise InvalidAnswer(say(OTHER_UNIT, text=typed, unit=unit))
    return None


def _counted(match: re.Match[str], shift: int | None) -> _Parts:
    exponent = int((match["exponent"] or "0").replace("−", "-"))
    return _Parts(match["sign"], match["digits"].replace("’", "'"), exponent, shift)


def _decimal(parts: _Parts, number: str) -> str:
    sign = "" if parts.sign in (None, "+") else "-"
    return plain(Decimal(f"{sign}{number}E{parts.exponent + (parts.shift or 0)}"))


def _plain_digits(digits: str) -> str | None:
    """Digits with at most one point, or None if the marks are inconsistent."""
    point = _decimal_mark(digits)
    whole, _, fraction = digits.rpartition(point) if point else (digits, "", "")
    if _GROUPED.fullmatch(whole):
        whole = re.sub(r"[^0-9]", "", whole)
    if not re.fullmatch(r"[0-9]*", whole) or not re.fullmatch(r"[0-9]*", fraction):
        return None
    return f"{whole or '0'}.{fraction or '0'}" if whole or fraction else None


def _decimal_mark(digits: str) -> str:
    """The decimal mark: the later one if both occur, else the one that occurs exactly once."""
    comma, stop = digits.count(","), digits.count(".")
    if comma and stop:
        return "," if digits.rindex(",") > digits.rindex(".") else "."
    if comma == 1 or stop == 1:
        return "," if comma else "."
    return ""
