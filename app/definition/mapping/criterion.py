"""Acceptance criteria as clients write them: "≥ 1 MΩ", "220 V ± 5 %", "ΔT ≤ 10 K between phases".

Gives limits where a reading alone decides, and names every clause that does not become one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from app.definition.measured import InvalidAnswer, parse_decimal, plain
from app.definition.schema import Language

_NUMBER = r"[+\-−–]?\s?\d(?:[\d.,'’]*\d)?(?:[eE][+\-−]?\d{1,3})?"
_UNIT = r"(?:%(?:\s?(?:UR|RH))?|[°º]\s?[CF]|[µμa-zA-ZΩ][\wµμΩ°²³·/]{0,11})"
_VALUE = rf"(?P<number>{_NUMBER})\s*(?P<unit>{_UNIT})?"
_AT_LEAST = (
    r">=|=>|≥|>|⩾|m[ií]n(?:imo|ima|imum)?\.?\s*[:=]?|(?:no\s+)?m[ií]nimo(?:\s+de)?|at\s+least"
    r"|not\s+less\s+than|no\s+less\s+than|acima\s+de|above|superior\s+a|maior\s+(?:ou\s+igual\s+a|que)"
    r"|greater\s+than(?:\s+or\s+equal\s+to)?"
)
_AT_MOST = (
    r"<=|=<|≤|<|⩽|m[aá]x(?:imo|ima|imum)?\.?\s*[:=]?|(?:no\s+)?m[aá]ximo(?:\s+de)?|up\s+to|at[eé]"
    r"|not\s+more\s+than|no\s+more\s+than|abaixo\s+de|below|inferior\s+a|menor\s+(?:ou\s+igual\s+a|que)"
    r"|less\s+than(?:\s+or\s+equal\s+to)?"
)
_COMPARED = re.compile(
    rf"(?:(?P<least>{_AT_LEAST})|(?P<most>{_AT_MOST}))\s*{_VALUE}", re.IGNORECASE
)
_AFTER = re.compile(
    rf"{_VALUE}\s*\(?(?:(?P<least>m[ií]n(?:imo|imum)?)|(?P<most>m[aá]x(?:imo|imum)?))\b\.?\)?",
    re.IGNORECASE,
)
_AROUND = re.compile(
    rf"{_VALUE}\s*(?:±|\+\s?/\s?[-−–]|\+-)\s*(?P<by>{_NUMBER})\s*(?P<by_unit>{_UNIT})?"
)
_UNEVEN = re.compile(
    rf"{_VALUE}\s*\(?\+\s?(?P<up>[\d.,]+)\s*(?P<up_unit>{_UNIT})?\s*[/;,]?\s*[-−–]\s?(?P<down>[\d.,]+)"
    rf"\s*\)?\s*(?P<down_unit>{_UNIT})?"
)
_RANGE = re.compile(
    rf"(?:entre|between|de|from)?\s*(?P<low>{_NUMBER})\s*(?P<low_unit>{_UNIT}(?<!a)(?<!e)(?<!to))?\s*"
    rf"(?:\ba\b|\be\b|\band\b|\bto\b|\bat[eé]\b|–|-|−|…|\.\.\.?|~)\s*(?P<number>\d(?:[\d.,]*\d)?)"
    rf"\s*(?P<unit>{_UNIT})?",
    re.IGNORECASE,
)
_INSIDE = re.compile(
    rf"(?P<low>{_NUMBER})\s*(?P<low_unit>{_UNIT})?\s*(?:<=|≤|<)\s*[^\d\s≤<]{{1,20}}\s*(?:<=|≤|<)\s*{_VALUE}"
)
_ONLY_TOLERANCE = re.compile(r"^\s*(?:±|\+\s?/\s?[-−–]|\+-)")
_SPREAD = re.compile(
    r"desvio|deviation|spread|desequil[ií]brio|unbalance|imbalance|diferen[cç]a|difference"
    r"|entre\s+(?:as\s+)?fases|between\s+phases|phase[\s-]to[\s-]phase\s+diff|Δ|\bdelta\b"
    r"|varia[cç][aã]o|variation|dispers",
    re.IGNORECASE,
)
# Words that a limit may be followed by without meaning anything else.
_SILENT = re.compile(r"[\s.,;:()\[\]]*|\s*(?:por fase|per phase|each|cada)\s*", re.IGNORECASE)
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a criterion demands of one reading, and of the readings of a row together.

    `spread` and `spread_percent` (of the mean) are between the readings of one row. `rest` are the
    clauses that are more than these limits; `unclear` are numbers with two meanings ("1,000").
    `excludes`: a bound is written as "less than", which limits cannot say.
    """

    unit: str | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    nominal: Decimal | None = None
    spread: Decimal | None = None
    spread_percent: Decimal | None = None
    rest: tuple[str, ...] = ()
    spreads: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    excludes: bool = False

    @property
    def is_bounded(self) -> bool:
        return self.min is not None or self.max is not None

    @property
    def is_measured(self) -> bool:
        """Whether the criterion is about numbers."""
        return self.is_bounded or bool(self.spreads or self.unclear) or self.nominal is not None

    @property
    def is_whole(self) -> bool:
        """Whether the limits say all of it."""
        whole = not (self.rest or self.spreads or self.unclear or self.excludes)
        return whole and self.nominal is None


class _Unclear(ValueError):
    """A number with two meanings."""


def parse_criterion(text: str, language: Language) -> Criterion:
    """Never raises: what is not understood is in `rest`."""
    found = Criterion()
    for clause in re.split(r"[;\n]|(?<=\s)e(?=\s+desvio)", text[:_LONGEST]):
        clause = " ".join(clause.split())
        if not clause:
            continue
        try:
            found = _with(found, clause, language)
        except _Unclear:
            found = replace(found, unclear=(*found.unclear, clause))
        except (InvalidAnswer, ValueError, ArithmeticError):
            found = replace(found, rest=(*found.rest, clause))
    if found.min is not None and found.max is not None and found.min > found.max:
        return Criterion(unit=found.unit, rest=(text[:_LONGEST],))
    return found


def _with(found: Criterion, clause: str, language: Language) -> Criterion:
    if _SPREAD.search(clause):
        return _spread(found, clause, language)
    if _ONLY_TOLERANCE.match(clause):
        match = re.match(rf"\W*{_VALUE}", clause.lstrip("±+/-−– "))
        unit = found.unit or (match["unit"] if match and match["unit"] != "%" else None)
        return replace(found, unit=unit, rest=(*found.rest, clause))
    for read in (_around, _uneven, _inside, _compared, _range, _after):
        if (made := read(found, clause, language)) is not None:
            return made
    return replace(found, rest=(*found.rest, clause))


def _around(found: Criterion, clause: str, language: Language) -> Criterion | None:
    match = _AROUND.search(clause)
    if match is None:
        return None
    middle, by = _number(match["number"], language), _number(match["by"], language)
    by = abs(middle) * by / 100 if match["by_unit"] == "%" and match["unit"] != "%" else by
    unit = match["unit"] or (match["by_unit"] if match["by_unit"] != "%" else None)
    return replace(
        _bound(found, middle - abs(by), middle + abs(by), unit),
        nominal=middle,
        rest=_rest(found, clause, match),
    )


def _uneven(found: Criterion, clause: str, language: Language) -> Criterion | None:
    match = _UNEVEN.search(clause)
    if match is None:
        return None
    middle = _number(match["number"], language)
    up, down = _number(match["up"], language), _number(match["down"], language)
    unit = match["down_unit"] or match["up_unit"]
    if unit == "%" and match["unit"] != "%":
        up, down = abs(middle) * up / 100, abs(middle) * down / 100
    made = _bound(
        found, middle - down, middle + up, match["unit"] or (unit if unit != "%" else None)
    )
    return replace(made, nominal=middle, rest=_rest(found, clause, match))


def _inside(found: Criterion, clause: str, language: Language) -> Criterion | None:
    match = _INSIDE.search(clause)
    if match is None:
        return None
    low, high = _number(match["low"], language), _number(match["number"], language)
    return replace(
        _bound(found, low, high, match["unit"] or match["low_unit"]),
        rest=_rest(found, clause, match),
    )


def _range(found: Criterion, clause: str, language: Language) -> Criterion | None:
    match = _RANGE.fullmatch(clause) or _RANGE.match(clause)
    if match is None or not (match["unit"] or match["low_unit"] or match.end() == len(clause)):
        return None
    low, high = _number(match["low"], language), _number(match["number"], language)
    if low > high:
        return None
    return replace(
        _bound(found, low, high, match["unit"] or match["low_unit"]),
        rest=_rest(found, clause, match),
    )


def _compared(found: Criterion, clause: str, language: Language) -> Criterion | None:
    matches = list(_COMPARED.finditer(clause))
    if not matches or matches[0].start() > 60:
        return None
    made = found
    for match in matches:
        number = _number(match["number"], language)
        low, high = (number, None) if match["least"] else (None, number)
        made = _bound(made, low, high, match["unit"])
        sign = (match["least"] or match["most"]).strip()
        strict = sign in ("<", ">") or re.match(
            r"(?:less|greater) than$|acima|abaixo|above|below"
            r"|superior|inferior|ma?e?n?i?or que",
            sign.lower(),
        )
        made = replace(made, excludes=made.excludes or bool(strict))
    return replace(made, rest=_rest(found, clause, matches[-1]))


def _after(found: Criterion, clause: str, language: Language) -> Criterion | None:
    match = _AFTER.fullmatch(clause)
    if match is None:
        return None
    number = _number(match["number"], language)
    low, high = (number, None) if match["least"] else (None, number)
    return _bound(found, low, high, match["unit"])


def _spread(found: Criterion, clause: str, language: Language) -> Criterion:
    """A limit between the readings of one row; limits of a cell cannot say it."""
    match = _COMPARED.search(clause) or re.search(_VALUE, clause)
    spreads = (*found.spreads, clause)
    if match is None:
        return replace(found, rest=(*found.rest, clause))
    number, unit = _number(match["number"], language), match["unit"]
    if unit == "%":
        return replace(found, spread_percent=number, spreads=spreads)
    return replace(found, spread=number, unit=found.unit or unit, spreads=spreads)


def _bound(
    found: Criterion, low: Decimal | None, high: Decimal | None, unit: str | None
) -> Criterion:
    unit = unit.replace("º", "°").replace(" ", "") if unit else None
    return replace(
        found,
        min=low if low is not None else found.min,
        max=high if high is not None else found.max,
        unit=found.unit or unit,
    )


def _rest(found: Criterion, clause: str, match: re.Match[str]) -> tuple[str, ...]:
    """The clause too, if there is more after the match than the limits say."""
    tail = clause[match.end() :]
    return found.rest if _SILENT.fullmatch(tail) else (*found.rest, clause)


def _number(text: str, language: Language) -> Decimal:
    text = text.replace("−", "-").replace("–", "-").replace(" ", "")
    if any(parse_decimal(text, language=one).doubt is not None for one in Language):
        raise _Unclear(text)
    return Decimal(plain(parse_decimal(text, language=language).number))
