"""Worksheets as plain text by row and column, with what merged cells and formulas hide.

The only module that touches openpyxl for reading. It knows nothing of checklists.
"""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

import openpyxl
from openpyxl.utils import get_column_letter, range_boundaries

from app.definition.sentences import N_, Sentence, say

MAX_ROWS = 1_000
MAX_COLUMNS = 50
MAX_CELL_TEXT = 5_000
# Beyond the rows that are read, so far is looked for words that would otherwise be lost.
_LOOK_AHEAD_ROWS = 5_000

NO_RESULT = N_("The formula has no saved result. Replace it by its value, or save it in Excel.")
ERROR_VALUE = N_('The cell shows the error "%(text)s". Replace it by a value.')
LONG_CELL = N_("The cell has more than %(limit)s characters. Shorten it.")

_ERRORS = frozenset({"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!"})
# Joiners spell words of Arabic and Indian scripts; elsewhere they are left over from copying.
_IDLE_JOINER = re.compile(r"(?<![\u0600-\u109f])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u109f])")
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\b[^<>]*?\bref="([A-Za-z]+[0-9]+:[A-Za-z]+[0-9]+)"')
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\b(?P<attributes>[^<>]*)>\s*<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>)"
    rb"\s*(?P<result><(?:\w+:)?v\b[^<>]*?(?:/|>(?P<value>[^<]*)))?"
)
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3}[0-9]{1,7})"')


@dataclass(frozen=True, slots=True)
class Cell:
    """Trimmed text and its address. `flaw` says why the text must not be trusted.

    `is_number` tells that the cell holds a number with a fraction, so a point in its text is the
    decimal mark whatever language the author writes.
    """

    text: str
    ref: str
    flaw: Sentence | None = None
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A visible worksheet. Rows and columns count from 1; absent cells read as empty.

    `merged_above` maps a cell to the top cell of the merged range in the same column.
    `is_cut` tells that words stand below the rows that were read. `fractions` are the addresses
    of cells that hold a number with a fraction, not the text of one.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]
    merged_above: Mapping[tuple[int, int], int]
    no_result: frozenset[str]
    is_cut: bool = False
    fractions: frozenset[tuple[int, int]] = frozenset()

    def cell(self, row: int, column: int, *, through_merge: bool = False) -> Cell:
        """The cell at (row, column); with `through_merge` what its merged range shows."""
        if through_merge:
            row = self.merged_above.get((row, column), row)
        ref = f"{get_column_letter(column)}{row}"
        text = ""
        if row <= len(self.rows) and column <= len(self.rows[row - 1]):
            text = self.rows[row - 1][column - 1]
        return Cell(text, ref, self._flaw(text, ref), (row, column) in self.fractions)

    def row_cells(self, row: int) -> Iterator[tuple[int, Cell]]:
        """The cells of a row that hold text, as (column, cell)."""
        for column, text in enumerate(self.rows[row - 1], start=1):
            if text:
                yield column, self.cell(row, column)

    def _flaw(self, text: str, ref: str) -> Sentence | None:
        if ref in self.no_result:
            return say(NO_RESULT)
        if text in _ERRORS:
            return say(ERROR_VALUE, text=text)
        if len(text) > MAX_CELL_TEXT:
            return say(LONG_CELL, limit=MAX_CELL_TEXT)
        return None


def open_sheets(data: bytes) -> list[Sheet]:
    """The visible worksheets in order. Raises whatever openpyxl raises on damaged files.

    `data` must have passed the guard. Formulas count by their saved results.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of extensions that it leaves out
        book = openpyxl.load_workbook(
            io.BytesIO(data), read_only=True, data_only=True, keep_links=False
        )
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return [
                    _read_sheet(worksheet, archive)
                    for worksheet in book.worksheets
                    if worksheet.sheet_state == "visible"
                ]
        finally:
            book.close()


def shown_text(value: object) -> str:
    """A cell's value as the text a person would read off it, in NFC, without odd spaces."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _decimal_text(value)
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    text = str(value).replace("_x000D_", "")
    if text.isascii() and text.isprintable() and "  " not in text and len(text) <= MAX_CELL_TEXT:
        return text.strip()  # as most are; what follows takes four times as long
    if len(text) > 2 * MAX_CELL_TEXT:
        text = text[: 2 * MAX_CELL_TEXT]  # still too long, so still refused where it is read
    text = re.sub(r"[\x00-\x08\x0e-\x1f\x7f\ufeff\u200b\ud800-\udfff]", "", text)
    text = _IDLE_JOINER.sub("", text)
    text = re.sub(r"\r\n?|[\x85\u2028\u2029]", "\n", text)
    text = re.sub(r"[^\S\n]+", " ", unicodedata.normalize("NFC", text))
    return "\n".join(line.strip() for line in text.strip().split("\n"))


def _decimal_text(value: float) -> str:
    # repr is the shortest text that reads back the same, which is what the author typed.
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _read_sheet(worksheet: object, archive: zipfile.ZipFile) -> Sheet:
    # Producers other than Excel write dimensions that cut rows off.
    worksheet.reset_dimensions()  # type: ignore[attr-defined]
    rows: list[tuple[str, ...]] = []
    fractions: set[tuple[int, int]] = set()
    is_cut = False
    values = worksheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)  # type: ignore[attr-defined]
    for number, row in enumerate(values, start=1):
        if number > _LOOK_AHEAD_ROWS or is_cut:
            break
        texts = _texts(row[:MAX_COLUMNS])
        if number <= MAX_ROWS:
            rows.append(texts)
            if float in map(type, row):
                fractions.update(
                    (number, at) for at, one in enumerate(row, 1) if type(one) is float
                )
        else:
            is_cut = any(texts)
    # The read-only worksheet drops merged ranges, and a whole one takes 50 times the memory.
    part = archive.read(worksheet._worksheet_path)  # type: ignore[attr-defined]
    return Sheet(
        name=str(worksheet.title),  # type: ignore[attr-defined]
        rows=tuple(rows),
        merged_above=_merged_above(part),
        no_result=_formulas_without_result(part),
        is_cut=is_cut,
        fractions=frozenset(fractions),
    )


def _texts(row: tuple[object, ...]) -> tuple[str, ...]:
    if row.count(None) == len(row):  # by far the most of them, where a cell stands far down
        return ("",) * len(row)
    return tuple(map(shown_text, row))


def _merged_above(part: bytes) -> dict[tuple[int, int], int]:
    """Raises ValueError where ranges overlap, which Excel refuses: they could go on for ever."""
    above: dict[tuple[int, int], int] = {}
    steps = 0
    for match in _MERGE.finditer(part):
        bounds = range_boundaries(match[1].decode("ascii").upper())
        left, top, _, bottom = (bound or 1 for bound in bounds)
        if left <= MAX_COLUMNS:
            rows = range(top + 1, min(bottom, MAX_ROWS) + 1)
            steps += len(rows)
            if steps > MAX_ROWS * MAX_COLUMNS:
                raise ValueError("merged ranges overlap")
            above.update(((row, left), top) for row in rows)
    return above


def _formulas_without_result(part: bytes) -> frozenset[str]:
    """Addresses of formulas that no program has calculated; an empty text is a result."""
    found = set()
    for match in _FORMULA.finditer(part):
        reference = _REFERENCE.search(match["attributes"])
        is_empty_text = b't="str"' in match["attributes"] and match["result"]
        if reference and not match["value"] and not is_empty_text:
            found.add(reference[1].decode("ascii"))
    return frozenset(found)
