"""The checklist sheet: its rows in order, gathered into sections.

Sections come in order of first appearance; a name that returns later joins its first rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.definition.schema import Language, Text
from app.definition.sentences import N_, say
from app.definition.workbook.columns import Column, HeaderRow
from app.definition.workbook.fields import (
    LABEL_LONG,
    MAX_LABEL,
    Defaults,
    FieldDraft,
    Row,
    missing_words,
    read_field,
)
from app.definition.workbook.ids import plain_words
from app.definition.workbook.languages import checklist_languages
from app.definition.workbook.problems import Log
from app.definition.workbook.sheet import MAX_ROWS, Cell, Sheet

UNKNOWN_COLUMN = N_('The column "%(name)s" is not known, so it was left out.')
SECTION_MISSING = N_("The section is missing. Write it here or in a row above.")
QUESTION_MISSING = N_("The question is missing. Write it here or clear the row.")
NO_QUESTION = N_("This row has settings but no question, so it was left out.")
NO_ROWS = N_("There is no question below the header row. Write at least one.")
TOO_MANY_ROWS = N_("The sheet goes on below row %(limit)s. Split it into several checklists.")

_NEEDS_QUESTION = frozenset({Column.SECTION, Column.HINT, Column.ID})


@dataclass(slots=True)
class SectionDraft:
    title: Text
    fields: list[FieldDraft] = field(default_factory=list)


@dataclass(slots=True)
class Questions:
    """What the checklist sheet holds."""

    languages: tuple[Language, ...]
    sections: list[SectionDraft]


def read_questions(sheet: Sheet, header: HeaderRow, log: Log) -> Questions:
    """Every row below the header; complaints go to `log`, each at its cell."""
    languages = checklist_languages(sheet, header)
    note_unknown_columns(sheet, header, log)
    if sheet.is_cut:
        log.problem(sheet.name, f"A{MAX_ROWS + 1}", say(TOO_MANY_ROWS, limit=MAX_ROWS))
    walk = _Walk()
    for number in range(header.row + 1, len(sheet.rows) + 1):
        _read_row(Row(sheet, header, number, languages, log), walk)
    sections = [section for section in walk.sections.values() if section.fields]
    if not sections and not log.problems:
        log.problem(sheet.name, header.places[0].cell.ref, say(NO_ROWS))
    return Questions(languages, sections)


def note_unknown_columns(sheet: Sheet, header: HeaderRow, log: Log) -> None:
    for cell in header.unknown:
        log.notice(sheet.name, cell.ref, say(UNKNOWN_COLUMN, name=cell.text[:60]))


@dataclass(slots=True)
class _Walk:
    """Where the reading stands: the sections so far and the one in force."""

    sections: dict[str, SectionDraft] = field(default_factory=dict)
    current: SectionDraft | None = None


def _read_row(row: Row, walk: _Walk) -> None:
    if is_blank(row) or repeats_header(row):
        return
    _enter_section(row, walk)
    cell = row.get(Column.LABEL, row.languages[0]) or row.get(Column.LABEL)
    label = row.texts(Column.LABEL) if _has_label(row) else None
    if cell is None or cell.flaw:
        return
    if label is None:
        _without_question(row, cell)
        return
    draft = read_field(row, label, cell, Defaults())
    if walk.current is None:
        section_cell = row.get(Column.SECTION) or cell
        row.complain(section_cell, say(SECTION_MISSING))
    elif draft:
        walk.current.fields.append(draft)


def is_blank(row: Row) -> bool:
    """Whether no known column holds anything of the row's own."""
    return not any(
        row.sheet.cell(row.number, place.index).text or row.sheet.cell(row.number, place.index).flaw
        for place in row.header.places
    )


def repeats_header(row: Row) -> bool:
    """Whether the header stands here again, as in sheets made for printing."""
    texts = [row.sheet.cell(row.number, place.index).text for place in row.header.places]
    return all(
        plain_words(text) == plain_words(place.cell.text)
        for text, place in zip(texts, row.header.places, strict=True)
    )


def _has_label(row: Row) -> bool:
    return any(
        row.sheet.cell(row.number, place.index).text for place in row.header.of(Column.LABEL)
    )


def _without_question(row: Row, cell: Cell) -> None:
    """A lone section is a heading; settings copied too far down ask nothing; else complain."""
    filled = {
        place.name.column
        for place in row.header.places
        if row.sheet.cell(row.number, place.index).text
    }
    if filled <= {Column.SECTION}:
        return
    if filled & _NEEDS_QUESTION:
        row.complain(cell, say(QUESTION_MISSING))
    else:
        row.notice(cell, say(NO_QUESTION))


def _enter_section(row: Row, walk: _Walk) -> None:
    title = _section_title(row)
    if title is None:
        return
    words = title.first(row.languages)
    key = plain_words(words) or words
    if key not in walk.sections:
        walk.sections[key] = SectionDraft(title)
        _note_missing_title(row, title)
    walk.current = walk.sections[key]


def _section_title(row: Row) -> Text | None:
    if len(row.header.of(Column.SECTION)) == 2:
        lines = {lang: _title_line(row, row.get(Column.SECTION, lang)) for lang in row.languages}
        found = {lang: line for lang, line in lines.items() if line}
        return Text(**found) if found else None
    line = _title_line(row, row.get(Column.SECTION))
    return _in_two(line, row.languages) if line else None


def _title_line(row: Row, cell: Cell | None) -> str:
    """Empty where there is none, and after a complaint where it is too long."""
    line = _line(cell)
    if cell and len(line) > MAX_LABEL:
        row.complain(cell, say(LABEL_LONG, limit=MAX_LABEL))
        return ""
    return line


def _in_two(line: str, languages: tuple[Language, ...]) -> Text:
    """`English / Português`; a slash without spaces belongs to the words."""
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
