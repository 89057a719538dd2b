"""The readings for which the page shows, beside the field, how their text was interpreted.

app.definition.measured interprets texts; app.definition.fields.measuring resolves ambiguous ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.definition.fields import readings
from app.definition.fields.kind import ONLY
from app.definition.measured import shown
from app.definition.schema import Field, Language
from app.reports.wording import cell_words
from app.web.locale import reader_language


@dataclass(frozen=True, slots=True)
class ReadAs:
    """One reading. `key` is that of its cell, or "" for a number; `cell` is the cell in words.

    `text` is what was typed, `decimal` the number that was read, with a decimal point; `doubt` is
    the other possible number, or None if the text is unambiguous.
    """

    key: str
    cell: str
    text: str
    decimal: str
    doubt: str | None


def read_otherwise(
    field: Field, value: object, languages: tuple[Language, ...]
) -> Sequence[ReadAs]:
    """The readings whose text means another number in the reader's language."""
    unit, language = field.unit, reader_language()
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
