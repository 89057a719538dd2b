"""What a workbook that Laudo itself wrote says more exactly than a workbook of any author.

Its header sheet has the row "Form" with the words "Laudo 1". Then ids are kept as they are, texts
in quotation marks are read as JSON, and the answers of a question may stand in a sheet of their
own. writer.py writes all of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from app.definition.schema import Language, Limits, Text
from app.definition.workbook.columns import ANSWERS, Column, find_header
from app.definition.workbook.ids import name_set, plain_words
from app.definition.workbook.sheet import VisibleSheet
from app.definition.workbook.shown import plain_text

FORM = "Laudo 1"
ID = re.compile(r"[a-z0-9][a-z0-9_]{0,79}")
CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,31}")
_DECIMAL = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?(?:E[-+]?[0-9]+)?")
# Spreadsheets decode "_x003D_" as "=".
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_FORM_KEYS = name_set("form|forma")
_LANGUAGE_KEYS = name_set("languages|idiomas")
_ANSWER_SHEET = re.compile(r"answers(?: [0-9]+)?")

# The parts of a field that have entries with ids, as the sheet of answers names them.
ENTRY_PARTS = ("options", "rows", "columns")


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer to choose, row or column of a field. Its id is None where the sheet has none."""

    id: str | None
    label: Text
    source: str | None = None


Entries = Mapping[str, Mapping[str, Sequence[Entry]]]


@dataclass(frozen=True, slots=True)
class Form:
    """How to read a workbook. `entries` are those of the sheets of answers: field id -> part."""

    is_exact: bool = False
    languages: tuple[Language, ...] = ()
    entries: Entries = field(default_factory=dict)


ANY = Form()


def read_form(head: VisibleSheet | None, sheets: Sequence[VisibleSheet]) -> Form:
    """The form that the header sheet states; any author's without it."""
    rows = [[text for text in row if text] for row in head.rows] if head else []
    stated = {plain_words(row[0]): row[1] for row in rows if len(row) > 1}
    form = next((text for key, text in stated.items() if key in _FORM_KEYS), "")
    if plain_words(form) != plain_words(FORM):
        return ANY
    words = next((text for key, text in stated.items() if key in _LANGUAGE_KEYS), "")
    known = {one.value: one for one in Language}
    languages = [known[one] for one in plain_words(words).split() if one in known]
    return Form(True, tuple(dict.fromkeys(languages)), _entries(sheets))


def is_answer_sheet(sheet: VisibleSheet) -> bool:
    return _ANSWER_SHEET.fullmatch(plain_words(sheet.name)) is not None


def literal(text: str) -> str:
    """The text of a cell: as it is, or what a quoted one stands for."""
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        try:
            said = json.loads(text)
        except ValueError:
            return text
        return said if isinstance(said, str) else text
    return text


def quoted(text: str) -> str:
    """The cell for a text, in quotation marks where a plain cell would be read as another one."""
    if is_plain(text):
        return text
    said = json.dumps(text, ensure_ascii=False)
    if _survives(said):
        return said
    said = _ESCAPE.sub(r"\\u005f", json.dumps(text))
    return re.sub(r"(?<= ) ", r"\\u0020", said)


def is_plain(text: str) -> bool:
    return bool(text) and not text.startswith('"') and _survives(text)


def _survives(text: str) -> bool:
    read = plain_text(text)
    return read == text and " ".join(read.split()) == text and not _ESCAPE.search(text)


def exact_limits(unit: str, low: str, high: str) -> Limits | None:
    """Limits from three cells as the writer fills them in. Raises ValueError for other texts."""
    if not (unit or low or high):
        return None
    for bound in (low, high):
        if bound and not _DECIMAL.fullmatch(bound):
            raise ValueError(bound)
    return Limits(
        unit=literal(unit) or None,
        min=Decimal(low) if low else None,
        max=Decimal(high) if high else None,
    )


def _entries(sheets: Sequence[VisibleSheet]) -> Entries:
    found: dict[str, dict[str, list[Entry]]] = {}
    for sheet in filter(is_answer_sheet, sheets):
        header = find_header(sheet, ANSWERS)
        if header is None:
            continue
        places = {(one.name.column, one.name.language): one.index for one in header.places}
        for row in range(header.row + 1, len(sheet.rows) + 1):
            cells = {name: sheet.cell(row, index).text for name, index in places.items()}
            words = {
                language.value: literal(text)
                for (column, language), text in cells.items()
                if column is Column.LABEL and language and text
            }
            of = cells.get((Column.FIELD, Language.EN), "")
            part = plain_words(cells.get((Column.PART, Language.EN), ""))
            if of and words and part in ENTRY_PARTS:
                given = cells.get((Column.ID, Language.EN), "")
                source = literal(cells.get((Column.SOURCE, Language.EN), "")) or None
                entry = Entry(given if ID.fullmatch(given) else None, Text(**words), source)
                found.setdefault(of, {}).setdefault(part, []).append(entry)
    return found
