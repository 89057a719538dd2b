"""Formats values for print: times, limits, safe text, readable colours.

Pure functions; the markup module registers them as template filters. No HTML except the span
that sets the direction of text.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from markupsafe import Markup

from app.pdf.context import Limits
from app.pdf.labels import Labels
from app.scripts import has_right_to_left, reads_right_to_left, spelled

LOCALES = {"en": "en_GB", "pt": "pt_BR"}
MAX_LINES = 200
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
FALLBACK_COLOUR = "#1f5fa8"
# Control characters have no glyph, and direction overrides can falsify printed text.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)
# WeasyPrint's time grows with the square of a word's length: 20,000 letters took 11 s. Thai,
# Chinese, Japanese and Korean letters are excluded: their lines already break correctly.
LONG_WORD = re.compile(
    "[^\\s\u0e00-\u0eff\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7ff\uff00-\uffef]{100,}"
)
WORD_PART = 50
JOINERS = "\u200c\u200d"
VIRAMA = 9
BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")


def clean(text: str) -> str:
    """`text` without characters that cannot be printed or that change the look of others."""
    return INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def breakable(text: str) -> str:
    """`text` with break opportunities (U+200B) inside words too long for any line."""
    return LONG_WORD.sub(_with_breaks, text)


def _with_breaks(word: re.Match[str]) -> str:
    letters, start, parts = word[0], 0, []
    while start < len(letters):
        end, latest = start + WORD_PART, start + 2 * WORD_PART
        while end < min(len(letters), latest) and _are_one(letters[end - 1], letters[end]):
            end += 1
        parts.append(letters[start:end])
        start = end
    return "\u200b".join(parts)


def _are_one(letter: str, following: str) -> bool:
    """Whether a break between the two letters would change their appearance."""
    return (
        following in JOINERS
        or letter in JOINERS
        or unicodedata.category(following).startswith("M")
        or unicodedata.combining(letter) == VIRAMA
    )


def attribute(text: str) -> Markup:
    """`text` for an attribute or the title, which cannot contain elements."""
    return Markup.escape(spelled(clean(text)))


def directed(text: str) -> str | Markup:
    """`text` with an explicit direction for each line that reads from right to left.

    WeasyPrint supports neither dir="auto" nor <bdi>: without a direction, a Hebrew sentence that
    ends with a number or a full stop would have it at the wrong end.
    """
    if not has_right_to_left(text):
        return text
    lines = text.split("\n")
    if all(reads_right_to_left(line) or not line.strip() for line in lines):
        return Markup('<span class="rtl whole">{}</span>').format(text)
    turned = Markup('<span class="rtl">{}</span>')
    return Markup("\n").join(
        turned.format(line) if reads_right_to_left(line) else line for line in lines
    )


def prose(text: str) -> str:
    """Text with at most one blank line in a row; after 200 lines, line ends become spaces."""
    lines = BLANK_LINES.sub("\n\n", clean(text)).strip().split("\n")
    return "\n".join([*lines[: MAX_LINES - 1], " ".join(lines[MAX_LINES - 1 :])]).rstrip()


def unnumbered(title: str, number: str) -> str:
    """A section's title without its own number ('1. Prerequisites'), which is printed apart."""
    words = re.sub(rf"^{re.escape(number)}\s*[.):\u2013-]\s+", "", title)
    return words or title


def format_time(moment: datetime, time_zone: str, language: str) -> str:
    """'14 Mar 2026, 09:41 (UTC−03:00)' for an aware time, in `time_zone`."""
    local = moment.astimezone(ZoneInfo(time_zone))
    words = format_datetime(local, "d MMM y, HH:mm", locale=LOCALES[language])
    return f"{words} (UTC{_offset(local.utcoffset() or timedelta())})"


def _offset(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    sign = "\u2212" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def format_decimal(text: str, language: str) -> str:
    """A stored decimal ('-0.5') in the format of that language ('−0,5' in Portuguese)."""
    shown = text.replace("-", "\u2212")
    return shown.replace(".", ",") if language == "pt" else shown


def format_limits(limits: Limits | None, labels: Labels) -> str:
    """'≤ 0.1 Ω', '≥ 1 MΩ', '361 to 418 V', or an empty string without limits."""
    if limits is None or (limits.minimum is None and limits.maximum is None):
        return ""
    language = labels.languages[0]
    low, high = (
        None if bound is None else format_decimal(bound, language)
        for bound in (limits.minimum, limits.maximum)
    )
    if low is not None and high is not None:
        words = labels.first("range", low=low, high=high)
    else:
        words = f"\u2264\u00a0{high}" if low is None else f"\u2265\u00a0{low}"
    return f"{words}\u00a0{clean(limits.unit)}" if limits.unit else words


def known_colour(colour: str) -> str:
    """`colour` if it is valid, else the fallback."""
    return colour if COLOUR.fullmatch(colour) else FALLBACK_COLOUR


def readable_colour(colour: str) -> str:
    """`colour` ('#rrggbb'), darkened to a contrast of 4.5:1 as text on white (WCAG 2.2 AA)."""
    colour = known_colour(colour)
    channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    while 1.05 / (_luminance(channels) + 0.05) < 4.5:
        channels = [int(channel * 0.94) for channel in channels]
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def _luminance(channels: list[int]) -> float:
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in channels)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
