"""Formats the numbers inside sentences for the reader's language.

Sentences receive numbers as numbers. The code that fills them in formats the amounts here, so that
100000 becomes 100,000 in English. No texts belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.numbers import format_decimal

# Placeholders whose number identifies something and is not an amount: it is not formatted.
ORDINALS = frozenset({"number", "page", "place", "position", "sequence", "status", "version"})
# Smaller numbers need no thousands separator; this skips formatting for nearly all numbers.
THOUSAND = 1_000
ENGLISH = Locale("en")


def with_amounts(params: Mapping[str, Any], locale: Locale | None = None) -> dict[str, Any]:
    """A sentence's values with amounts formatted for the locale; English if it is None."""
    return {
        name: value if name in ORDINALS else _with_amounts(value, locale or ENGLISH)
        for name, value in params.items()
    }


def _with_amounts(value: Any, locale: Locale) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, int) and abs(value) < THOUSAND:
        return value
    return format_decimal(value, "#,##0.##", locale=locale)
