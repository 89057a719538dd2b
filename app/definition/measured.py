"""Measured values: the text as typed beside the decimal it stands for.

Evidence keeps what the person wrote; rules compare the decimal. Floats appear nowhere.
A text that can be two numbers is read as one of them and says so; who decides is for
doubts.py. Limits and verdicts do not belong here (see judging.py).
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
# A unit holds no digit but the power at its end ("m3").
_WITH_UNIT = re.compile(rf"{_NUMBER}\s?(?P<unit>[^0-9\s.,'’+\-−–][^0-9]*[23]?)")
# "2k2" and "4R7": the letter stands where the decimal mark would.
_PARTED = re.compile(rf"{_START}(?P<whole>[0-9]+)(?P<letter>[^\W\d_])(?P<part>[0-9]+)(?P<unit>.*)")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?P<mark>[., '])[0-9]{3}(?:(?P=mark)[0-9]{3})*")
# One mark that may part thousands or begin the fraction.
_EITHER = re.compile(r"[1-9][0-9]{0,2}(?P<mark>[.,])[0-9]{3}")
# Which mark parts thousands; where the language is not known, it may be either.
_THOUSANDS = {Language.EN: ",", Language.PT: ".", None: ",."}
_DECIMAL_MARK = {Language.EN: ".", Language.PT: ","}
# normalize() rounds to its context, so the context must be wider than any number we accept.
_EXACT = Context(prec=2 * MAX_DIGITS + 2 * MAX_EXPONENT)

NOT_A_NUMBER = N_('"%(text)s" is not a number. Write digits, for example 0,08 or 1250.5.')
OTHER_UNIT = N_(
    '"%(text)s" is not in %(unit)s, in which this is measured. Write the number in %(unit)s.'
)
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
    """A reading: `text` as typed, `decimal` in plain notation with a point ("0.08").

    `doubt` is the other number that the text may mean ("1,200" is 1.2 or 1200), else None.
    `is_converted` tells that the unit was typed in another way than the question has it.
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
        """Whether the instrument said "more than" the decimal, strictly (">200")."""
        return self.text.startswith(">") and not self.text.startswith((">=", "=>"))

    @property
    def is_below(self) -> bool:
        """Whether the instrument said "less than" the decimal, strictly ("<0.5")."""
        return self.text.startswith("<") and not self.text.startswith(("<=", "=<"))


@dataclass(frozen=True, slots=True)
class Shown:
    """A reading for people: the number that is judged, without its unit, and what was typed
    where the eye reads another number off that."""

    text: str
    typed: str | None = None


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a text says: digits with their marks and a power of ten.

    `shift` is the power that the typed unit adds, None where no other unit was typed.
    """

    sign: str | None
    digits: str
    exponent: int
    shift: int | None


def parse_decimal(
    text: str, *, unit: str | None = None, language: Language | None = None
) -> Measured:
    """Read a number as people and instruments write it.

    Comma or point decimals; spaces, apostrophes, or the other of comma and point as
    thousands; a leading sign; `1.5e-6`; ">200" and "<0.5", whose decimal is the bound.
    One comma or point alone is read as the decimal mark ("1,234" is 1.234), with a doubt
    where people of that `language` part thousands so; None stands for nobody knows which.
    `unit`, where it is typed after the number, is left out of the decimal; one with another
    SI prefix ("980 kΩ" or "2k2" for MΩ) is converted to it. Raises InvalidAnswer.
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


def shown(reading: Mapping[str, object], unit: str | None, language: Language) -> Shown:
    """A stored reading as a reader of that language sees it; the unit is left to whoever shows it.

    What was typed is enough where it says the same number to everybody of that language.
    """
    text, decimal = str(reading["text"]), str(reading["decimal"])
    try:
        read: Measured | None = parse_decimal(text, unit=unit, language=language)
    except InvalidAnswer:  # typed before the question's unit had this spelling
        read = None
    if read == Measured(text, decimal) and "doubt" not in reading:
        return Shown(without_unit(text, unit))
    bound = re.match(_START, text)
    return Shown(((bound and bound["bound"]) or "") + written(decimal, language), text)


def written(decimal: str, language: Language) -> str:
    """A plain decimal with the decimal mark of a language and a true minus."""
    return decimal.replace("-", "−").replace(".", _DECIMAL_MARK[language])


def decimal_mark(text: str) -> str | None:
    """The mark that begins the fraction of a number, where the number itself leaves no doubt.

    "0,5" says comma, "1.250,5" too, and "1,250,000" says point; None where nothing tells.
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
    # Every kind of space that phones and spreadsheets put between thousands becomes one.
    return re.sub(r"\s+", " ", re.sub(r"[\x00-\x08\ud800-\udfff]", "", text)).strip()


def without_unit(text: str, unit: str | None) -> str:
    """A reading as typed, less the unit where that was typed too; whoever shows it adds it."""
    if not unit:
        return text
    # NFKC makes one of the two ohms and the two micros, which look the same.
    compared, tail = (unicodedata.normalize("NFKC", one) for one in (text, unit.strip()))
    return compared[: -len(tail)].rstrip() if compared.endswith(tail) else text


def _parts(typed: str, unit: str | None) -> _Parts | None:
    """None where it is no number. Raises InvalidAnswer for a number in another unit."""
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
    """Digits with at most one point, or None where the marks make no sense."""
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
