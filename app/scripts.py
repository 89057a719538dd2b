"""Which packaged font family has a letter, in which direction a text reads, what no family has.

Shared by the PDF, the photo strip and the pages that warn about letters. It reads the list that the
set-up wrote beside the fonts and opens no font, so pages may import it. Nothing is drawn here.
"""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import groupby

from app.fonts import COVERAGE, FALLBACKS, FONT_FOLDER, MAIN, FontsMissing

# These families share most Chinese characters but draw them in their readers' style. The codec is
# the region's legacy character set; the order decides if nothing else does.
HAN = {
    "Noto Sans SC": "gb2312",
    "Noto Sans TC": "big5",
    "Noto Sans JP": "euc_jp",
    "Noto Sans KR": "euc_kr",
}
JAPANESE, KOREAN = "Noto Sans JP", "Noto Sans KR"
MOST_LISTED = 8
_OTHERS = tuple(one.family for one in FALLBACKS if one.family not in HAN)

_KANA = re.compile("[\u3041-\u30ff\uff66-\uff9f]")
_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_HAN_LETTER = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
# Blanks, and invisible characters that need no glyph (Unicode's Default_Ignorable_Code_Point).
_SILENT = re.compile(
    "[\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_STRONG = {"L": False, "R": True, "AL": True}


def families_of(letters: Iterable[str]) -> tuple[str, ...]:
    """The families that `letters` need besides the main one, in look-up order.

    For a report, pass all its letters: they decide in which style Chinese characters are drawn.
    """
    foreign = set(letters) - _main_letters()
    if not foreign:
        return ()
    order = family_order(foreign)
    needed = {_first(letter, order) for letter in foreign}
    return tuple(family for family in order if family in needed)


def family_order(letters: Iterable[str]) -> tuple[str, ...]:
    """All families but the main one. Of the Chinese ones, the region whose character set contains
    most of the Chinese characters in `letters` comes first; kana and hangul break ties."""
    text = "".join(set(letters))
    leaning = {JAPANESE: bool(_KANA.search(text)), KOREAN: bool(_HANGUL.search(text))}
    held = {
        family: sum(_is_in(letter, codec) for letter in _HAN_LETTER.findall(text))
        for family, codec in HAN.items()
    }
    nations = sorted(HAN, key=lambda one: (held[one], leaning.get(one, False)), reverse=True)
    return (*_OTHERS, *nations)


def is_plain(text: str) -> bool:
    """Whether the main family prints `text` letter by letter, without joining, stacking or
    right-to-left order."""
    return text.isascii() or (
        _main_letters().issuperset(text) and not any(map(unicodedata.combining, text))
    )


def unprintable(text: str) -> tuple[str, ...]:
    """The letters of `text` that no packaged family has, in order, without duplicates."""
    if text.isascii() or _main_letters().issuperset(text):
        return ()
    return tuple(letter for letter in dict.fromkeys(text) if not is_printable(letter))


@lru_cache(maxsize=1 << 14)
def is_printable(letter: str) -> bool:
    """Whether a packaged family has `letter`, or it is invisible."""
    if letter in _main_letters() or _SILENT.match(letter):
        return True
    return any(_has(family, letter) for family in _coverage())


def spelled(text: str) -> str:
    """`text` with letters that no family has replaced by their code points: 'Done [U+1F44D]'.

    Unlike an empty box, this lets a reader look up what was there.
    """
    if not unprintable(text):
        return text
    stretches = groupby(_joined(text), key=is_printable)
    return "".join(("".join if good else code_points)(letters) for good, letters in stretches)


def code_points(letters: Iterable[str]) -> str:
    """'[U+1F468 U+1F469]'."""
    return "[" + " ".join(f"U+{ord(letter):04X}" for letter in letters) + "]"


def listed(letters: Sequence[str]) -> str:
    """Letters with their code points for a sentence: '😀 U+1F600, த U+0BA4', and how many more."""
    shown = ", ".join(map(_named, letters[:MOST_LISTED]))
    more = len(letters) - MOST_LISTED
    return f"{shown} (+{more})" if more > 0 else shown


def runs_of(text: str, order: Sequence[str]) -> list[tuple[str, str]]:
    """`text` split where the family changes, as (family, text). Families besides the main one come
    from `order`. Marks, joiners and blanks stay with the letter before them if its family has them.
    """
    runs: list[tuple[str, str]] = []
    for letter in text:
        family = (
            runs[-1][0] if runs and _stays_with(letter, runs[-1][0]) else _family(letter, order)
        )
        if runs and runs[-1][0] == family:
            runs[-1] = (family, runs[-1][1] + letter)
        else:
            runs.append((family, letter))
    return runs


def has_right_to_left(text: str) -> bool:
    """Whether `text` contains right-to-left letters."""
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


def reads_right_to_left(text: str) -> bool:
    """Whether the first letter of `text` with a direction is right-to-left (dir="auto")."""
    if not has_right_to_left(text):
        return False
    directions = map(unicodedata.bidirectional, text)
    return next((_STRONG[one] for one in directions if one in _STRONG), False)


def _named(letter: str) -> str:
    code = f"U+{ord(letter):04X}"
    if not letter.isprintable():
        return code
    return f"\u25cc{letter} {code}" if unicodedata.combining(letter) else f"{letter} {code}"


def _joined(text: str) -> Iterator[str]:
    """The letters without joiners and selectors next to letters that no family has."""
    letters = list(text)
    for at, letter in enumerate(letters):
        beside = letters[max(0, at - 1) : at] + letters[at + 1 : at + 2]
        if letter.isspace() or not _SILENT.match(letter) or all(map(is_printable, beside)):
            yield letter


def _family(letter: str, order: Sequence[str]) -> str:
    return MAIN if letter in _main_letters() else _first(letter, order) or MAIN


def _first(letter: str, order: Sequence[str]) -> str | None:
    if _SILENT.match(letter):
        return None
    return next((family for family in order if _has(family, letter)), None)


def _stays_with(letter: str, family: str) -> bool:
    if _SILENT.match(letter):
        return True
    return unicodedata.category(letter).startswith("M") and _has(family, letter)


def _is_in(letter: str, codec: str) -> bool:
    try:
        letter.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _has(family: str, letter: str) -> bool:
    firsts, lasts = _coverage()[family]
    at = bisect_right(firsts, ord(letter)) - 1
    return at >= 0 and ord(letter) <= lasts[at]


@cache
def _main_letters() -> frozenset[str]:
    """The letters of the main family, and line ends, which need no glyph."""
    firsts, lasts = _coverage()[MAIN]
    pairs = zip(firsts, lasts, strict=True)
    letters = (chr(code) for first, last in pairs for code in range(first, last + 1))
    return frozenset("\n\r\t").union(letters)


@cache
def _coverage() -> dict[str, tuple[list[int], list[int]]]:
    """The first and last code points of each family's ranges. Raises FontsMissing."""
    path = FONT_FOLDER / COVERAGE
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError as error:
        raise FontsMissing(f"{path} is missing. Run `make setup` first.") from error
    return {
        family: ([first for first, _ in ranges], [last for _, last in ranges])
        for family, ranges in json.loads(text).items()
    }
