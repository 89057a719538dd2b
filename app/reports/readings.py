"""Readings of which the page says how they were read, beside the field that they were typed into.

What a text means is for app.definition.measured, who decides on a doubt for doubts.py there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.definition.doubts import ONLY, readings
from app.definition.measured import shown
from app.definition.schema import Field, Language
from app.reports.wording import cell_words
from app.web.locale import reader_language


@dataclass(frozen=True, slots=True)
class ReadAs:
    """One reading: `key` is its cell's, or "" for a number, and `cell` that cell in words.

    `text` is what was typed and `decimal` what it was read as, with a point; `doubt` is the
    other number that it may be, or None where nothing is to be decided.
    """

    key: str
    cell: str
    text: str
    decimal: str
    doubt: str | None


def read_otherwise(
    field: Field, value: object, languages: tuple[Language, ...]
) -> Sequence[ReadAs]:
    """The readings whose number is not the one that the reader's eye takes from the text."""
    unit, language = (field.limits.unit if field.limits else None), reader_language()
    return [
        ReadAs(
            key=key,
            cell=cell_words(field, key, languages) if key != ONLY else "",
            text=reading["text"],
            decimal=reading["decimal"],
            doubt=reading.get("doubt"),
        )
        for key, reading in readings(field, value)
        if shown(reading, unit, language).typed is not None
    ]
