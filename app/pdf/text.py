"""Turns values into printed text: times, limits, safe words, colours that can be read.

Pure functions without HTML; the markup module registers them as template filters.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from app.pdf.context import Limits
from app.pdf.labels import Labels

LOCALES = {"en": "en_GB", "pt": "pt_BR"}
MAX_LINES = 200
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
FALLBACK_COLOUR = "#1f5fa8"
# Control characters have no glyph, and direction overrides make printed words lie.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)
# WeasyPrint's time grows with the square of a word's length: 20,000 letters took 11 s.
LONG_WORD = re.compile(r"\S{100,}")
WORD_PART = 50
BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")


def clean(text: str) -> str:
    """`text` without characters that cannot be printed or that change what others look like."""
    return INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def breakable(text: str) -> str:
    """`text` with chances to break (U+200B) inside words that no line could hold anyway."""
    return LONG_WORD.sub(_with_breaks, text)


def _with_breaks(word: re.Match[str]) -> str:
    letters = word[0]
    return "\u200b".join(
        letters[start : start + WORD_PART] for start in range(0, len(letters), WORD_PART)
    )


def prose(text: str) -> str:
    """Written words with at most one blank line in a row; past 200 lines, line ends fold away."""
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
    """A stored decimal ('-0.5') as that language writes it ('−0,5' in Portuguese)."""
    shown = text.replace("-", "\u2212")
    return shown.replace(".", ",") if language == "pt" else shown


def format_limits(limits: Limits | None, labels: Labels) -> str:
    """'≤ 0.1 Ω', '≥ 1 MΩ', '361 to 418 V', or an empty string where nothing is limited."""
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
    """`colour` itself, or the fallback where it is none."""
    return colour if COLOUR.fullmatch(colour) else FALLBACK_COLOUR


def readable_colour(colour: str) -> str:
    """`colour` ('#rrggbb'), darkened until text in it reads on white at 4.5:1 (WCAG 2.2 AA)."""
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
