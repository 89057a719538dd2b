"""The header sheet: code, titles, category, standards and planning requirements.

Keys are in the first filled column of a row, values to the right; a row without a key continues
the list above.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from app.definition.schema import Language, Text
from app.definition.sentences import N_, say
from app.definition.workbook.exact import ANY, CODE, Form, literal
from app.definition.workbook.ids import name_set, plain_words
from app.definition.workbook.problems import Log
from app.definition.workbook.sheet import Cell, VisibleSheet

UNKNOWN_KEY = N_('"%(name)s" is not recognised in this sheet, so it was skipped.')
BAD_CODE = N_('"%(text)s" cannot be used as a code. Use letters, digits, dots and hyphens.')
CODE_CHANGED = N_('The code "%(text)s" was saved as "%(code)s".')
LONG_ENTRY = N_("This entry has more than %(limit)s characters. Shorten it.")

MAX_CODE = 32
MAX_ENTRY = 500

_KEYS = {
    "code": "code|document code|form code|checklist code|codigo|codigo do documento"
    "|codigo do checklist",
    "title_en": "title en|title english|titulo en|titulo ingles|title in english",
    "title_pt": "title pt|title portuguese|titulo pt|titulo portugues|titulo em portugues",
    "title": "title|name|checklist|checklist name|titulo|nome|nome do checklist",
    "source": "source name|nome de origem",
    # These two are read by exact.py.
    "form": "form|forma",
    "languages": "languages|idiomas",
    "category": "category|discipline|categoria|disciplina",
    "standards": "reference standards|reference standard|standards|references"
    "|normas de referencia|normas|norma de referencia|referencias|normas aplicaveis",
    "planning": "planning requirements|planning requirement|prerequisites|requisitos"
    "|requisitos de planejamento|pre requisitos|planejamento",
}
_KEY_OF = {name: key for key, names in _KEYS.items() for name in names.split("|")}
# Names of a header row above the keys, which is ignored.
_COLUMN_NAMES = name_set("field|key|campo|chave|item|property|propriedade")


@dataclass(slots=True)
class HeaderDraft:
    """The content of the header sheet; None and empty for what it does not state."""

    code: str | None = None
    title: Text | None = None
    category: str | None = None
    standards: tuple[str, ...] = ()
    planning: tuple[str, ...] = ()
    source: str | None = None


@dataclass(slots=True)
class _Entries:
    """The value cells of each key, in order."""

    cells: dict[str, list[Cell]] = field(default_factory=dict)

    def first(self, key: str) -> Cell | None:
        return next(iter(self.cells.get(key, ())), None)


def read_header(
    sheet: VisibleSheet, languages: tuple[Language, ...], log: Log, form: Form = ANY
) -> HeaderDraft:
    """Read the header; unknown keys become notices, unusable values problems."""
    entries = _gather(sheet, log)
    if form.is_exact:
        return _exact_header(sheet, entries, log)
    titles = {
        Language.EN: entries.first("title_en"),
        Language.PT: entries.first("title_pt"),
    }
    bare = entries.first("title")
    if bare and not any(titles.values()):
        titles[languages[0]] = bare
    words = {
        lang: _line(sheet, cell, log)
        for lang, cell in titles.items()
        if cell and (lang in languages or not any(titles[one] for one in languages))
    }
    category = entries.first("category")
    return HeaderDraft(
        code=_code(sheet, entries.first("code"), log),
        title=Text(**words) if any(words.values()) else None,
        category=(_line(sheet, category, log) or None) if category else None,
        standards=_list(sheet, entries.cells.get("standards", []), log),
        planning=_list(sheet, entries.cells.get("planning", []), log),
    )


def _exact_header(sheet: VisibleSheet, entries: _Entries, log: Log) -> HeaderDraft:
    """The header as Laudo writes it: one entry a cell, quoted where it must be."""
    lines = {key: [literal(cell.text) for cell in cells] for key, cells in entries.cells.items()}
    words = {lang: lines.get(f"title_{lang}", [""])[0] for lang in Language}
    code = lines.get("code", [""])[0]
    return HeaderDraft(
        code=code if CODE.fullmatch(code) else _code(sheet, entries.first("code"), log),
        title=Text(**{one: line or None for one, line in words.items()})
        if any(words.values())
        else None,
        category=lines.get("category", [""])[0] or None,
        standards=tuple(lines.get("standards", ())),
        planning=tuple(lines.get("planning", ())),
        source=lines.get("source", [""])[0] or None,
    )


def make_code(text: str) -> str:
    """A code from `text`: capitals, digits, points, hyphens; may be empty."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().upper()
    code = re.sub(r"[^A-Z0-9._]+", "-", letters).strip("-._")
    return code[:MAX_CODE].rstrip("-._")


def _gather(sheet: VisibleSheet, log: Log) -> _Entries:
    entries = _Entries()
    key: str | None = None
    key_column = 0
    for number in range(1, len(sheet.rows) + 1):
        cells = list(sheet.row_cells(number))
        if not cells:
            continue
        column, first = cells[0]
        if not first.text:
            _usable(sheet, [first], log)
            continue
        if key_column and column > key_column:
            values = [cell for _, cell in cells]  # no key in this row: it continues the list
        else:
            key, values = _key_of(first), [cell for _, cell in cells[1:]]
            key_column = column
            if key is None and plain_words(first.text) not in _COLUMN_NAMES and values:
                log.notice(sheet.name, first.ref, say(UNKNOWN_KEY, name=first.text[:60]))
        if key:
            entries.cells.setdefault(key, []).extend(_usable(sheet, values, log))
    return entries


def _key_of(cell: Cell) -> str | None:
    return _KEY_OF.get(plain_words(cell.text))


def _usable(sheet: VisibleSheet, cells: list[Cell], log: Log) -> list[Cell]:
    for cell in cells:
        if cell.flaw:
            log.problem(sheet.name, cell.ref, cell.flaw)
        for remark in cell.remarks:
            log.notice(sheet.name, cell.ref, remark)
    return [cell for cell in cells if cell.text and not cell.flaw]


def _code(sheet: VisibleSheet, cell: Cell | None, log: Log) -> str | None:
    if cell is None:
        return None
    code = make_code(cell.text)
    if not code:
        log.problem(sheet.name, cell.ref, say(BAD_CODE, text=cell.text[:60]))
    elif code != cell.text:
        log.notice(sheet.name, cell.ref, say(CODE_CHANGED, text=cell.text[:60], code=code))
    return code or None


def _list(sheet: VisibleSheet, cells: list[Cell], log: Log) -> tuple[str, ...]:
    entries: list[str] = []
    for cell in cells:
        for part in re.split(r"[;|\n]", cell.text):
            entry = " ".join(part.split())
            if len(entry) > MAX_ENTRY:
                log.problem(sheet.name, cell.ref, say(LONG_ENTRY, limit=MAX_ENTRY))
            elif entry:
                entries.append(entry)
    return tuple(entries)


def _line(sheet: VisibleSheet, cell: Cell, log: Log) -> str:
    line = " ".join(cell.text.split())
    if len(line) > MAX_ENTRY:
        log.problem(sheet.name, cell.ref, say(LONG_ENTRY, limit=MAX_ENTRY))
        return ""
    return line
