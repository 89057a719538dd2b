"""The checklist sheet: its rows in order, grouped into sections.

Sections are in order of first appearance; rows of a repeated section name join the first ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from app.definition.schema import Language, Text
from app.definition.sentences import N_, say
from app.definition.workbook.addresses import address
from app.definition.workbook.columns import SECTION_COLUMNS, Column, HeaderRow
from app.definition.workbook.exact import ANY, ID, Form
from app.definition.workbook.fields import Defaults, FieldDraft, read_field
from app.definition.workbook.ids import plain_words
from app.definition.workbook.languages import checklist_languages
from app.definition.workbook.logic import LogicText, read_text
from app.definition.workbook.problems import Log, short
from app.definition.workbook.row import LABEL_LONG, MAX_LABEL, Row, label_cell, missing_words
from app.definition.workbook.sheet import MAX_COLUMNS, MAX_ROWS, Cell, VisibleSheet

UNKNOWN_COLUMN = N_('The column "%(name)s" is not recognised, so it was skipped.')
SECTION_MISSING = N_("The section is missing. Write it here or in a row above.")
QUESTION_MISSING = N_("The question is missing. Write it here or clear the row.")
NO_QUESTION = N_("This row has settings but no question, so it was skipped.")
NO_ROWS = N_("There are no questions below the header row. Write at least one.")
TOO_MANY_ROWS = N_("The sheet continues below row %(limit)s. Split it into several checklists.")

STRUCK_QUESTION = N_('The question is struck out, so it was skipped: "%(text)s".')
SECTION_HIDDEN = N_(
    "The section of this row is in row %(row)s, which is hidden. Write it here, or unhide that row."
)
SECTION_AGAIN = N_(
    'The section "%(text)s" already appears in cell %(cell)s, with other '
    "sections after it. The questions here were added to it. If it is a "
    "different section, write its number as text."
)
SECTION_ALIKE = N_(
    '"%(text)s" was read as the section "%(first)s" in cell %(cell)s. If it '
    "is a different section, give it another name."
)
NO_NAME = N_(
    "This column contains text but has no name in the header row, so it was "
    'skipped. The first text is "%(text)s".'
)
LIST_UNREAD = N_(
    "The answers in the drop-down list of these cells are not read. Write "
    "them in an options column."
)

_NEEDS_QUESTION = frozenset({Column.SECTION, Column.HINT, Column.ID})


@dataclass(slots=True)
class SectionDraft:
    title: Text
    fields: list[FieldDraft] = field(default_factory=list)
    given_id: str | None = None
    shown: LogicText | None = None
    source: str | None = None


@dataclass(slots=True)
class Questions:
    """The content of the checklist sheet."""

    languages: tuple[Language, ...]
    sections: list[SectionDraft]


def read_questions(
    sheet: VisibleSheet,
    header: HeaderRow,
    log: Log,
    form: Form = ANY,
    more: Sequence[tuple[VisibleSheet, HeaderRow]] = (),
) -> Questions:
    """Read every row below the header; problems go to `log`, each with its cell.

    `more` are sheets that continue this one.
    """
    languages = form.languages or checklist_languages(sheet, header)
    walk = _Walk()
    for one, names in ((sheet, header), *more):
        _read_sheet(one, names, walk, partial(Row, languages=languages, log=log, form=form))
    sections = [one for one in walk.sections.values() if one.fields or one.given_id]
    if not sections and not log.problems:
        log.problem(sheet.name, header.places[0].cell.ref, say(NO_ROWS))
    return Questions(languages, sections)


def _read_sheet(
    sheet: VisibleSheet, header: HeaderRow, walk: _Walk, make_row: Callable[..., Row]
) -> None:
    row = make_row(sheet, header, header.row)
    note_unknown_columns(sheet, header, row.log)
    if sheet.is_cut:
        row.log.problem(sheet.name, f"A{MAX_ROWS + 1}", say(TOO_MANY_ROWS, limit=MAX_ROWS))
    for number in range(header.row + 1, len(sheet.rows) + 1):
        if number in sheet.hidden:
            walk.hide(number, header, sheet)
        else:
            _read_row(make_row(sheet, header, number), walk)


def note_unknown_columns(sheet: VisibleSheet, header: HeaderRow, log: Log) -> None:
    """Log the text in columns that are not read."""
    for cell in header.unknown:
        log.notice(sheet.name, cell.ref, say(UNKNOWN_COLUMN, name=cell.text[:60]))
    named = {place.index for place in header.places} | set(header.unknown_columns)
    for row in range(header.row + 1, len(sheet.rows) + 1):
        for column, cell in sheet.row_cells(row):
            if column not in named and cell.text:
                named.add(column)
                log.notice(sheet.name, cell.ref, say(NO_NAME, text=short(cell.text)))
    _note_unread_lists(sheet, header, log)


def _note_unread_lists(sheet: VisibleSheet, header: HeaderRow, log: Log) -> None:
    """Log lists of answers that are not read; lists on columns with fixed words are ignored."""
    read = {place.index for place in header.places if place.name.column not in _LISTED}
    for left, top, right, bottom in sheet.lists:
        columns = [one for one in range(left, min(right, MAX_COLUMNS) + 1) if one not in read]
        if columns and bottom > header.row:
            ref = address(max(top, header.row + 1), columns[0])
            log.notice(sheet.name, ref, say(LIST_UNREAD))


# In these columns, a drop-down list may contain the answers for technicians.
_LISTED = frozenset({Column.LABEL, Column.OPTIONS})


@dataclass(slots=True)
class _Walk:
    """The state of the reading: the sections so far and the current one.

    `hidden` is the hidden row that holds the section of the rows below it, else None. `places`
    are the first cells of the sections.
    """

    sections: dict[str, SectionDraft] = field(default_factory=dict)
    places: dict[str, Cell] = field(default_factory=dict)
    current: SectionDraft | None = None
    hidden: int | None = None

    def key_of(self, words: str, given_id: str | None) -> str:
        """The key of a section: its id, else that of the first with these words, else the words."""
        if given_id:
            return f"#{given_id}"
        key = plain_words(words) or words
        alike = (
            one
            for one, section in self.sections.items()
            if section.given_id and key in map(plain_words, _spelled(section.title))
        )
        return next(alike, key)

    def hide(self, number: int, header: HeaderRow, sheet: VisibleSheet) -> None:
        """Skip a hidden row, which may begin a section."""
        words = sheet.hidden[number]
        if any(words.get(place.index) for place in header.of(Column.SECTION)):
            self.hidden = number


def _spelled(title: Text) -> Iterator[str]:
    return (words for words in (title.en, title.pt) if words)


def _read_row(row: Row, walk: _Walk) -> None:
    if is_blank(row) or repeats_header(row):
        return
    if struck := row.struck(Column.LABEL):
        row.notice(struck, say(STRUCK_QUESTION, text=short(struck.struck)))
        if row.struck(Column.SECTION) is None:
            _enter_section(row, walk)
        return
    _enter_section(row, walk)
    # The first row of a section that says when it is shown counts for all of them.
    if walk.current and walk.current.shown is None:
        walk.current.shown = read_text(row, Column.SECTION_SHOWN)
    if walk.current and walk.current.source is None:
        walk.current.source = row.source(Column.SECTION_SOURCE)
    cell = label_cell(row)
    label = row.texts(Column.LABEL) if _has_label(row) else None
    if cell is None or cell.flaw:
        return
    if label is None:
        _without_question(row, cell)
        return
    draft = read_field(row, label, cell, Defaults())
    section_cell = row.get(Column.SECTION) or cell
    if walk.hidden is not None:
        row.problem(section_cell, say(SECTION_HIDDEN, row=walk.hidden))
    elif walk.current is None:
        row.problem(section_cell, say(SECTION_MISSING))
    elif draft:
        walk.current.fields.append(draft)


def is_blank(row: Row) -> bool:
    """Whether the row has no text of its own in any known column."""
    cells = [row.sheet.cell(row.number, place.index) for place in row.header.places]
    return not any(cell.text or cell.flaw or cell.remarks for cell in cells)


def repeats_header(row: Row) -> bool:
    """Whether the row repeats the header, as in sheets made for printing."""
    header = row.header
    texts = [row.sheet.cell(row.number, place.index).text for place in header.places]
    own = [row.sheet.cell(header.row, place.index).text for place in header.places]
    return all(
        plain_words(text) == plain_words(name) for text, name in zip(texts, own, strict=True)
    )


def _has_label(row: Row) -> bool:
    return any(
        row.sheet.cell(row.number, place.index).text for place in row.header.of(Column.LABEL)
    )


def _without_question(row: Row, cell: Cell) -> None:
    """Handle a row without a question: a heading, copied settings to ignore, or a problem."""
    filled = {
        place.name.column
        for place in row.header.places
        if row.sheet.cell(row.number, place.index).text
    }
    if filled <= SECTION_COLUMNS:
        return
    if filled & _NEEDS_QUESTION:
        row.problem(cell, say(QUESTION_MISSING))
    else:
        row.notice(cell, say(NO_QUESTION))


def _enter_section(row: Row, walk: _Walk) -> None:
    title = _section_title(row)
    if title is None:
        return
    given_id = _section_id(row)
    key = walk.key_of(title.first(row.languages), given_id)
    cell = row.get(Column.SECTION)
    if key not in walk.sections:
        walk.sections[key] = SectionDraft(title, given_id=given_id)
        if cell:
            walk.places[key] = cell
        _note_missing_title(row, title)
    elif cell and given_id is None:
        _note_joined(row, cell, walk, key)
    walk.current, walk.hidden = walk.sections[key], None


def _section_id(row: Row) -> str | None:
    """The id in the form that Laudo writes; sections of other workbooks are their titles."""
    text = row.text(Column.SECTION_ID)
    return text if row.form.is_exact and ID.fullmatch(text) else None


def _note_joined(row: Row, cell: Cell, walk: _Walk, key: str) -> None:
    """Log where two sections were joined although their cells may mean different ones."""
    first = walk.places.get(key, cell)
    if _spelling(cell) != _spelling(first):
        joined = say(SECTION_ALIKE, text=short(cell.text), first=short(first.text), cell=first.ref)
        row.notice(cell, joined)
    elif cell.is_number and walk.current is not walk.sections[key] and cell.ref != first.ref:
        row.notice(cell, say(SECTION_AGAIN, text=short(cell.text), cell=first.ref))


def _spelling(cell: Cell) -> str:
    return " ".join(cell.text.casefold().split())


def _section_title(row: Row) -> Text | None:
    if row.form.is_exact:
        return row.texts(Column.SECTION)
    if len(row.header.of(Column.SECTION)) == 2:
        lines = {lang: _title_line(row, row.get(Column.SECTION, lang)) for lang in row.languages}
        found = {lang: line for lang, line in lines.items() if line}
        return Text(**found) if found else None
    line = _title_line(row, row.get(Column.SECTION))
    return _in_two(line, row.languages) if line else None


def _title_line(row: Row, cell: Cell | None) -> str:
    """The title; empty if there is none, or if it is too long, after a problem is logged."""
    line = _line(cell)
    if cell and len(line) > MAX_LABEL:
        row.problem(cell, say(LABEL_LONG, limit=MAX_LABEL))
        return ""
    return line


def _in_two(line: str, languages: tuple[Language, ...]) -> Text:
    """`English / Português`; a slash without spaces is part of the text."""
    if len(languages) == 1:
        return Text(**{languages[0]: line})
    halves = [half.strip() for half in re.split(r"\s/\s*|\s*/\s", line)]
    middle = len(halves) // 2
    if len(halves) % 2 == 0 and all(halves):
        return Text(en=" / ".join(halves[:middle]), pt=" / ".join(halves[middle:]))
    return Text(en=line)


def _note_missing_title(row: Row, title: Text) -> None:
    cell = row.get(Column.SECTION)
    for language in row.languages:
        if cell and len(row.languages) == 2 and not getattr(title, language):
            row.notice(cell, missing_words(language))


def _line(cell: Cell | None) -> str:
    return " ".join(cell.text.split()) if cell else ""
