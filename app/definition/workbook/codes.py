"""Parses number format codes: sections, placeholders, conditions and languages.

ECMA-376, 18.8.31. formats.py and moments.py apply a section to a number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

# Excel's own limit for a format.
MAX_FORMAT = 255

# Formats stored by number only. Other numbers below 164 belong to East Asian languages.
BUILT_IN = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"$"#,##0_);("$"#,##0)',
    6: '"$"#,##0_);("$"#,##0)',
    7: '"$"#,##0.00_);("$"#,##0.00)',
    8: '"$"#,##0.00_);("$"#,##0.00)',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "[$-F800]yyyy-mm-dd",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "[$-F800]yyyy-mm-dd h:mm",
    37: "#,##0_);(#,##0)",
    38: "#,##0_);(#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);(#,##0.00)",
    41: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)',
    42: '_("$"* #,##0_);_("$"* (#,##0);_("$"* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)',
    44: '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
}
# These show the currency of the computer's locale.
_LOCAL_CURRENCY = frozenset({5, 6, 7, 8, 42, 44})

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>general)|(?P<half>AM/PM|A/P)|(?P<power>E[+-])"
    r"|(?P<year>y+)|(?P<month>m+)|(?P<day>d+)|(?P<hour>h+)|(?P<second>s+)"
    r"|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<text>@)|(?P<end>;)"
    r"|(?P<literal>[^A-Za-z\"\\_*\[\]])",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(?P<sign><=|>=|<>|[<>=])\s*(?P<limit>-?[0-9.]+(?:E[+-]?[0-9]+)?)", re.I)
_COLOUR = re.compile(
    r"black|blue|cyan|green|magenta|red|white|yellow|colou?r\s*[0-9]{1,2}", re.IGNORECASE
)
# Primary language ids of Windows. "local" means the language of the computer.
_LANGUAGES = {0x09: "en", 0x16: "pt"}


class Unsure(ValueError):
    """Spreadsheets disagree on what this format shows, or the format is not supported."""


@dataclass(frozen=True, slots=True)
class Token:
    """One part of a format: a placeholder, or literal text."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class FormatSection:
    tokens: tuple[Token, ...]
    condition: tuple[str, Decimal] | None = None
    language: str | None = None

    def has(self, *kinds: str) -> bool:
        return any(token.kind in kinds for token in self.tokens)

    def count(self, kind: str) -> int:
        return sum(token.kind == kind for token in self.tokens)


def format_of(number: int, codes: dict[int, str]) -> str | None:
    """The code of a format number, from the file's own codes first; None if unknown."""
    code = codes.get(number, BUILT_IN.get(number))
    if number in _LOCAL_CURRENCY and number not in codes and code:
        return f"[$-F800]{code}"
    return code


def language_of(locale: str) -> str | None:
    """The language of a locale ("416", "pt-BR"). Raises Unsure for other languages."""
    if not locale:
        return None
    if locale.lower() in ("f800", "f400", "x-sysdate", "x-systime"):
        return "local"
    try:
        number = int(locale, 16)
    except ValueError:
        return locale.split("-")[0].lower()
    if number > 0xFFFF:
        raise Unsure  # other digits, or another calendar
    return _LANGUAGES.get(number & 0x3FF, "other")


@lru_cache(maxsize=1_024)
def sections_of(code: str) -> tuple[FormatSection, ...]:
    if len(code) > MAX_FORMAT:
        raise Unsure
    parts: list[list[Token]] = [[]]
    at = 0
    while at < len(code):
        match = _TOKEN.match(code, at)
        if match is None:
            raise Unsure
        kind, at = str(match.lastgroup), match.end()
        if kind == "end":
            parts.append([])
        else:
            parts[-1].append(Token(kind, match[kind]))
    if len(parts) > 4:
        raise Unsure
    return tuple(_section(tokens) for tokens in parts)


def _section(tokens: Sequence[Token]) -> FormatSection:
    kept: list[Token] = []
    condition, language = None, None
    for token in tokens:
        words = token.text
        if token.kind != "bracket" or _COLOUR.fullmatch(words):
            kept += [token] if token.kind != "bracket" else []
        elif re.fullmatch(r"h+|m+|s+", words, re.IGNORECASE):
            kept.append(Token("elapsed", words.lower()))
        elif match := _CONDITION.fullmatch(words):
            condition = (match["sign"], Decimal(match["limit"]))
        elif words.startswith("$"):
            currency, _, locale = words[1:].partition("-")
            language = language_of(locale) or language
            kept += [Token("literal", currency)] if currency else []
        else:
            raise Unsure
    if tokens and not kept:
        raise Unsure
    return FormatSection(tuple(kept), condition, language)


def choose_section(
    sections: tuple[FormatSection, ...], value: Decimal
) -> tuple[FormatSection, bool]:
    """The section for a value, and whether it shows a negative value without its sign."""
    numbers = sections[:3]
    if len(numbers) > 1 and numbers[-1].has("text"):
        numbers = numbers[:-1]
    if any(section.condition for section in sections):
        return _by_condition(numbers, value), False
    if value < 0 and len(numbers) > 1:
        if len(sections) == 2 and not numbers[1].tokens:
            raise Unsure  # some programs show a hyphen, others nothing
        return numbers[1], True
    return (numbers[2] if value == 0 and len(numbers) > 2 else numbers[0]), False


def _by_condition(numbers: tuple[FormatSection, ...], value: Decimal) -> FormatSection:
    if value < 0 or numbers[0].condition is None:
        raise Unsure  # spreadsheets disagree on the sign
    for at, section in enumerate(numbers):
        if section.condition is None:
            if at == 1 and len(numbers) > 2:
                continue  # the second of three is for negative numbers
            return section
        if _holds(section.condition, value):
            return section
    raise Unsure


def _holds(condition: tuple[str, Decimal], value: Decimal) -> bool:
    sign, limit = condition
    return {
        "<": value < limit,
        "<=": value <= limit,
        ">": value > limit,
        ">=": value >= limit,
        "=": value == limit,
        "<>": value != limit,
    }[sign]
