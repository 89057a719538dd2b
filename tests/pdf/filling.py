"""Replaces every text in a report that a person could have written."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

# Texts written by the program; all other texts in a context come from people.
OURS = {
    "languages",
    "time_zone",
    "check_url",
    "type",
    "status",
    "verdict",
    "key",
    "logo_key",
    "second_logo_key",
    "image_key",
}


# The workbook reader creates these from a few letters (app/definition/schema.py).
IDS = {"field_id", "id"}


def filled(
    value: Any, texts: Iterator[str], name: str = "", kept: AbstractSet[str] = frozenset()
) -> Any:
    """`value` with every text that a person could have written replaced by the next of `texts`.

    Fields whose name is in `kept` are unchanged.
    """
    if name in OURS or name in kept or isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return next(texts) if value else value
    if isinstance(value, tuple):
        return tuple(filled(item, texts, name, kept) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        changes = {
            f.name: filled(getattr(value, f.name), texts, f.name, kept) for f in fields(value)
        }
        return replace(value, **changes)
    return value
