"""Notices about letters that no packaged font has; PDFs print such letters by their code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.definition.schema import Definition
from app.definition.sentences import N_, say
from app.definition.workbook.problems import Log
from app.definition.workbook.sheet import Cell, VisibleSheet
from app.scripts import listed, unprintable

UNPRINTABLE = N_(
    "PDFs cannot print these characters and print their numbers instead: "
    "%(letters)s. Change them, or keep them as they are."
)
MORE_UNPRINTABLE = N_("More cells contain characters that PDFs cannot print.")
MAX_NOTED = 20


def note_letters(sheets: Sequence[VisibleSheet], definition: Definition, log: Log) -> None:
    """Log each cell with such a letter, if its text is part of the definition."""
    missing = set(unprintable(definition.model_dump_json()))
    if not missing:
        return
    cells = _cells_with(missing, sheets)
    for _, (sheet, cell, letters) in zip(range(MAX_NOTED), cells, strict=False):
        log.notice(sheet.name, cell.ref, say(UNPRINTABLE, letters=listed(letters)))
    for sheet, cell, _letters in cells:
        log.notice(sheet.name, cell.ref, say(MORE_UNPRINTABLE))
        return


def _cells_with(
    missing: set[str], sheets: Sequence[VisibleSheet]
) -> Iterator[tuple[VisibleSheet, Cell, list[str]]]:
    for sheet in sheets:
        for row in range(1, len(sheet.rows) + 1):
            for _, cell in sheet.row_cells(row):
                letters = [letter for letter in unprintable(cell.text) if letter in missing]
                if letters:
                    yield sheet, cell, letters
