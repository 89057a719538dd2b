"""Numbers inside sentences: which are amounts, and how each is written.

A sentence gets its numbers as numbers; whoever fills it in writes them here, so that none says
100000 where the reader's language writes 100,000. No words belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.numbers import format_decimal

# Placeholders whose number names a thing and counts nothing: it is written as it stands there.
ORDINALS = frozenset({"number", "page", "place", "position", "sequence", "status", "version"})
# From here on there is a mark to write; nearly every number of a page is below.
THOUSAND = 1_000
ENGLISH = Locale("en")


def written(params: Mapping[str, Any], locale: Locale | None = None) -> dict[str, Any]:
    """A sentence's values with its amounts as text of the language; English without one."""
    return {
        name: value if name in ORDINALS else _written(value, locale or ENGLISH)
        for name, value in params.items()
    }


def _written(value: Any, locale: Locale) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, int) and abs(value) < THOUSAND:
        return value
    return format_decimal(value, "#,##0.##", locale=locale)
