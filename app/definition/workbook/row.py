"""One row of a sheet: its cells by column and language, each flawed one reported once.

fields.py makes the draft of a field of it, extras.py a signature role.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from app.definition.schema import Language, Text
from app.definition.sentences import N_, Sentence, say
from app.definition.workbook.columns import Column, HeaderRow
from app.definition.workbook.exact import ANY, Form, literal
from app.definition.workbook.problems import Log
from app.definition.workbook.sheet import Cell, VisibleSheet

MAX_LABEL = 2_000

LABEL_LONG = N_("The text has more than %(limit)s characters. Shorten it.")
MISSING_EN = N_("The English text is missing, so the Portuguese is shown.")
MISSING_PT = N_("The Portuguese text is missing, so the English is shown.")

# A merged cell in these columns applies to every row that it spans.
_CARRIED = frozenset(Column) - {Column.LABEL, Column.HINT, Column.PREFILL, Column.ID}


@dataclass(slots=True)
class Row:
    """The cells of one row by column and language; reports each flawed cell once."""

    sheet: VisibleSheet
    header: HeaderRow
    number: int
    languages: tuple[Language, ...]
    log: Log
    form: Form = ANY
    _seen: dict[int, Cell] = field(default_factory=dict)

    def get(self, column: Column, language: Language | None = None) -> Cell | None:
        """The cell of a column, the first one unless a language is given; None if absent."""
        for place in self.header.of(column):
            if language is None or self.language_of(column, place.index) is language:
                return self._cell(place.index, column)
        return None

    def text(self, column: Column) -> str:
        cell = self.get(column)
        return cell.text if cell else ""

    def source(self, column: Column) -> str | None:
        """The name in the form that it was imported from, in a workbook that Laudo wrote."""
        text = self.text(column) if self.form.is_exact else ""
        return literal(text) or None

    def exact(self, column: Column) -> str:
        """The text of a column for parsing; for a number cell without thousands separators."""
        cell = self.get(column)
        return cell.exact if cell else ""

    def struck(self, column: Column) -> Cell | None:
        """The first non-empty cell of a column, if all its text is struck out."""
        cells = [self._raw(place.index, column) for place in self.header.of(column)]
        if any(cell.text or cell.flaw for cell in cells):
            return None
        return next((cell for cell in cells if cell.struck), None)

    def language_of(self, column: Column, index: int) -> Language:
        """The language of a column: explicit, else the language that its twin does not have."""
        places = self.header.of(column)
        names = {place.index: place.name for place in places}
        own = names[index]
        if self.form.is_exact and own.language and own.is_explicit:
            return own.language
        if len(places) == 1:
            is_told = own.language in self.languages and (own.is_explicit or column is Column.LABEL)
            return own.language if own.language and is_told else self.languages[0]
        twin = next(name for other, name in names.items() if other != index)
        if own.language and (own.is_explicit or not twin.is_explicit):
            return own.language
        return Language.PT if (twin.language or Language.PT) is Language.EN else Language.EN

    def problem(self, cell: Cell, sentence: Sentence) -> None:
        self.log.problem(self.sheet.name, cell.ref, sentence)

    def notice(self, cell: Cell, sentence: Sentence) -> None:
        self.log.notice(self.sheet.name, cell.ref, sentence)

    def texts(self, column: Column) -> Text | None:
        """The text of a column in its languages, or None if all are empty."""
        words: dict[str, str] = {}
        for language in Language if self.form.is_exact else self.languages:
            cell = self.get(column, language)
            line = self.line(cell)
            if cell and len(line) > MAX_LABEL:
                self.problem(cell, say(LABEL_LONG, limit=MAX_LABEL))
            if line:
                words[language] = line[:MAX_LABEL]
        if not words:
            return None
        self._note_missing(column, set(words))
        return Text(**words)

    def line(self, cell: Cell | None) -> str:
        """The text of a cell on one line; a quoted one in the form of Laudo as it was."""
        line = " ".join(cell.text.split()) if cell else ""
        return literal(line) if self.form.is_exact else line

    def _note_missing(self, column: Column, present: set[str]) -> None:
        for language in self.languages:
            cell = self.get(column, language)
            if language not in present and cell and not cell.flaw:
                self.notice(cell, missing_words(language))

    def _cell(self, index: int, column: Column) -> Cell:
        if index not in self._seen:
            cell = self._raw(index, column)
            for remark in cell.remarks:
                self.notice(cell, remark)
            if cell.flaw:
                self.problem(cell, cell.flaw)
                cell = replace(cell, text="", exact="")
            self._seen[index] = cell
        return self._seen[index]

    def _raw(self, index: int, column: Column) -> Cell:
        return self.sheet.cell(self.number, index, through_merge=column in _CARRIED)


def label_cell(row: Row) -> Cell | None:
    """The cell of the label in the first language, else in the other."""
    return row.get(Column.LABEL, row.languages[0]) or row.get(Column.LABEL)


def missing_words(language: Language) -> Sentence:
    return say(MISSING_EN if language is Language.EN else MISSING_PT)
