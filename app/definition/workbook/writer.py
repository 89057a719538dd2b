"""Writes any definition as a workbook that the reader reads back to the same definition.

It has the sheets and columns of the sample, plus the ids, so that it can be edited and uploaded as
the next version. exact.py says what its header sheet declares. A setting is one line in `FIELD`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from app.definition.fields import KINDS
from app.definition.logic.tree import Node
from app.definition.logic.wording import text_of
from app.definition.schema import (
    CommentPolicy,
    Definition,
    Field,
    FieldType,
    Header,
    Language,
    Option,
    PhotoMode,
    PhotoPolicy,
    Section,
    SignatureRole,
    Text,
)
from app.definition.workbook import grammar
from app.definition.workbook.assemble import option_ids
from app.definition.workbook.exact import ENTRY_PARTS, FORM, is_plain, quoted
from app.definition.workbook.grid import MAX_ROWS
from app.definition.workbook.options import is_verdict, split_options
from app.definition.workbook.prefills import suggest, suggest_role, workbook_name
from app.definition.workbook.problems import Unclear
from app.definition.workbook.sample import INSTRUCTIONS
from app.definition.workbook.shown import MAX_CELL_TEXT
from app.slow_work import slow_work

# A sheet has a header row, and a few rows for what its author adds.
ROWS_OF_SHEET = MAX_ROWS - 20
_COMMENTS = {
    CommentPolicy.OFF: "none",
    CommentPolicy.OPTIONAL: "optional",
    CommentPolicy.REQUIRED: "yes",
    CommentPolicy.REQUIRED_WHEN_NOT_OK: "when Not OK",
}


Lines = dict[Language, str]


@dataclass(frozen=True, slots=True)
class Setting:
    """Columns of fields: their name, and the cell of a field. `covers` are settings of the schema.

    A text has a column for each language.
    """

    name: str
    covers: tuple[str, ...]
    cell: Callable[[Field, Definition], str | Text | Lines | None]
    width: int = 14
    is_text: bool = False


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _photos(policy: PhotoPolicy) -> str:
    if policy.mode.asks:
        counts = f"min {policy.min}; max {policy.max}"
        return counts if policy.mode is PhotoMode.REQUIRED else f"{counts}; when Not OK"
    is_usual = policy.max == PhotoPolicy().max
    return policy.mode.value if is_usual else f"{policy.mode.value}; max {policy.max}"


def _unit(field: Field, _definition: Definition) -> str:
    limits = field.limits
    if limits is None:
        return ""
    # Quoted and empty: limits that say nothing, which are not the same as none.
    is_nothing = limits.unit is None and not limits.bounded
    return quoted(limits.unit) if limits.unit else '""' if is_nothing else ""


def _bound(name: str) -> Callable[[Field, Definition], str]:
    def cell(field: Field, _definition: Definition) -> str:
        bound = getattr(field.limits, name, None)
        return "" if bound is None else str(bound)

    return cell


def _prefill(field: Field, _definition: Definition) -> str:
    if field.prefill:
        return workbook_name(field.prefill)
    return "no" if suggest(field.label, field.type) else ""


def _logic(name: str) -> Callable[[Field, Definition], str]:
    def cell(field: Field, _definition: Definition) -> str:
        node = getattr(field, name)
        return _expression(node)

    return cell


def _expression(node: Node | None) -> str:
    return quoted(text_of(node)) if node else ""


def _source(one: Header | Section | Field | Option) -> str:
    return quoted(one.source_name) if one.source_name else ""


def _inline(field: Field, definition: Definition) -> Lines | None:
    """The answers, rows and columns in one cell, if they are read back from it as they are."""
    if any(one.source_name for part in ENTRY_PARTS for one in getattr(field, part)):
        return None
    lines = {one: _entry_line(field, one) for one in definition.languages}
    is_same = _are_short(lines.values()) and _is_read_back(field, definition, lines)
    return lines if is_same else None


FIELD: tuple[Setting, ...] = (
    Setting("Question", ("label",), lambda field, _: field.label, 44, is_text=True),
    Setting("Type", ("type",), lambda field, _: KINDS[field.type].workbook_words.partition("|")[0]),
    Setting("Options", ("options", "rows", "columns"), _inline, 40, is_text=True),
    Setting("Unit", ("limits",), _unit, 10),
    Setting("Min", (), _bound("min"), 10),
    Setting("Max", (), _bound("max"), 10),
    Setting("Required", ("required",), lambda field, _: _yes(field.required), 11),
    Setting("Photos", ("photos",), lambda field, _: _photos(field.photos), 16),
    Setting("GPS", (), lambda field, _: _yes(field.photos.gps_required), 8),
    Setting("Comment required", ("comment",), lambda field, _: _COMMENTS[field.comment], 18),
    Setting("Hint", ("hint",), lambda field, _: field.hint, 32, is_text=True),
    Setting("Filled from", ("prefill",), _prefill, 16),
    Setting("Shown when", ("shown_when",), _logic("shown_when"), 28),
    Setting("Required when", ("required_when",), _logic("required_when"), 28),
    Setting("Fails when", ("fails_when",), _logic("fails_when"), 28),
    Setting("Calculation", ("calculation",), _logic("calculation"), 28),
    Setting("Source name", ("source_name",), lambda field, _: _source(field), 14),
    Setting("Field id", ("id",), lambda field, _: field.id, 24),
)

Row = Sequence[str | None]


@slow_work
def write_workbook(definition: Definition) -> bytes:
    """The .xlsx of a definition."""
    book = Workbook()
    book.remove(book.worksheets[0])
    languages = languages_of(definition)
    names = [
        *_of_text("Section", languages),
        "Section id",
        "Section shown when",
        "Section source name",
        *_field_names(languages),
    ]
    _add(book, "Checklist", names, _section_rows(definition, languages))
    info = [*_cells_of(definition.info_fields, definition, languages)]
    if info:
        label = tuple(name.replace("Question", "Label") for name in _field_names(languages))
        _add(book, "Info fields", label, info)
    if definition.signature_roles:
        names = [*_of_text("Role", languages), "Required", "Filled from", "Due", "Id"]
        _add(book, "Signatures", names, _role_rows(definition, languages))
    answers = list(_answer_rows(definition, languages))
    if answers:
        names = ["Of field", "Part", *_of_text("Label", languages), "Source name", "Id"]
        _add(book, "Answers", names, answers)
    _add(book, "Header", (), _header_rows(definition))
    _add(book, "Instructions", INSTRUCTIONS[0], INSTRUCTIONS[1:])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def languages_of(definition: Definition) -> tuple[Language, ...]:
    """The languages of its texts: those of the checklist, then those of single texts."""
    used = {name for name in Language for text in _texts(definition) if getattr(text, name)}
    rest = [one for one in Language if one in used and one not in definition.languages]
    return (*definition.languages, *rest)


def _texts(definition: Definition) -> Iterator[Text]:
    yield definition.header.title
    yield from (section.title for section in definition.sections)
    yield from (role.label for role in definition.signature_roles)
    for field in definition.all_fields():
        yield from filter(None, (field.label, field.hint))
        for part in ENTRY_PARTS:
            yield from (one.label for one in getattr(field, part))


def _of_text(name: str, languages: Sequence[Language]) -> list[str]:
    return [f"{name} ({language.upper()})" for language in languages]


def _field_names(languages: Sequence[Language]) -> list[str]:
    return [
        name
        for one in FIELD
        for name in (_of_text(one.name, languages) if one.is_text else [one.name])
    ]


def _words(text: Text | Lines | None, languages: Sequence[Language]) -> list[str]:
    """The cells of a text."""
    if isinstance(text, dict):
        return [text.get(language, "") for language in languages]
    lines = [getattr(text, language, None) for language in languages]
    return [quoted(line) if line else "" for line in lines]


def _cells_of(
    fields: Iterable[Field], definition: Definition, languages: Sequence[Language]
) -> Iterator[Row]:
    for field in fields:
        cells: list[str] = []
        for one in FIELD:
            value = one.cell(field, definition)
            if one.is_text:
                assert not isinstance(value, str)
                cells += _words(value, languages)
            else:
                cells.append(value if isinstance(value, str) else "")
        yield cells


def _section_rows(definition: Definition, languages: Sequence[Language]) -> Iterator[Row]:
    for section in definition.sections:
        shown, source = _expression(section.shown_when), _source(section)
        head = [*_words(section.title, languages), section.id, shown, source]
        if not section.fields:
            yield head
        for cells in _cells_of(section.fields, definition, languages):
            yield [*head, *cells]


def _role_rows(definition: Definition, languages: Sequence[Language]) -> Iterator[Row]:
    for role in definition.signature_roles:
        due = grammar.due_name(role.due)
        cells = (_yes(role.required), _role_prefill(role), due, role.id)
        yield [*_words(role.label, languages), *cells]


def _role_prefill(role: SignatureRole) -> str:
    if role.prefill:
        return role.prefill.value
    return "no" if suggest_role(role.label) else ""


def _answer_rows(definition: Definition, languages: Sequence[Language]) -> Iterator[Row]:
    """The entries that do not stand beside their question."""
    for field in definition.all_fields():
        if not _has_entries(field) or _inline(field, definition) is not None:
            continue
        for part in ENTRY_PARTS:
            for option in getattr(field, part):
                words = _words(option.label, languages)
                yield [field.id, part, *words, _source(option), option.id]


def _header_rows(definition: Definition) -> Iterator[Row]:
    header = definition.header
    yield "Form", FORM
    yield "Languages", ", ".join(definition.languages)
    yield "Code", header.code
    for language in Language:
        if words := getattr(header.title, language):
            yield f"Title ({language.upper()})", quoted(words)
    if header.category:
        yield "Category", quoted(header.category)
    if header.source_name:
        yield "Source name", _source(header)
    for name, lines in (
        ("Reference standards", header.reference_standards),
        ("Planning requirements", header.planning_requirements),
    ):
        for number, line in enumerate(lines):
            yield "" if number else name, quoted(line)


def _has_entries(field: Field) -> bool:
    return any(getattr(field, part) for part in ENTRY_PARTS)


def _entry_line(field: Field, language: Language) -> str:
    """The entries as an author writes them: "A | B", or "rows A | B; columns C"."""
    lists = {
        part: " | ".join(getattr(one.label, language) or "" for one in getattr(field, part))
        for part in ENTRY_PARTS
    }
    if field.options:
        return lists["options"]
    return f"rows {lists['rows']}; columns {lists['columns']}" if field.rows else ""


def _are_short(lines: Iterable[str]) -> bool:
    return all(line and len(line) <= MAX_CELL_TEXT and is_plain(line) for line in lines)


def _is_read_back(field: Field, definition: Definition, lines: Lines) -> bool:
    """Whether the reader finds the same labels and the same ids in these cells."""
    parts = [getattr(field, part) for part in ENTRY_PARTS if getattr(field, part)]
    others = [one for one in Language if one not in lines]
    if any(getattr(one.label, other) for part in parts for one in part for other in others):
        return False
    for language, line in lines.items():
        labels = [[getattr(one.label, language) for one in part] for part in parts]
        if not all(map(_are_distinct, labels)) or _entries_in(field.type, line) != labels:
            return False
    return all(
        option_ids([one.label for one in part], definition.languages) == [one.id for one in part]
        for part in parts
    )


def _are_distinct(labels: Sequence[str | None]) -> bool:
    return len({(one or "").casefold() for one in labels}) == len(labels)


def _entries_in(kind: FieldType, line: str) -> list[list[str]]:
    """What the reader finds in a cell of options; nothing if it has questions about it."""
    if kind.takes.options:
        is_other_type = kind is FieldType.SELECT_ONE and is_verdict(line)
        return [] if is_other_type else [split_options(line)]
    try:
        spec = grammar.parse_measured(line, is_table=True)
    except Unclear:
        return []
    return [list(spec.rows), list(spec.columns)] if spec.limits is None else []


def _add(book: Workbook, name: str, names: Row, rows: Iterable[Row]) -> None:
    """Sheets with these rows; more than one ("Checklist 2") if they are many."""
    for number, some in enumerate(_in_sheets(list(rows)), start=1):
        sheet: Worksheet = book.create_sheet(name if number == 1 else f"{name} {number}")
        for place, row in enumerate([names, *some] if names else some, start=1):
            for column, text in enumerate(row, start=1):
                if text:
                    _write(sheet, place, column, text, is_head=bool(names) and place == 1)
        _lay_out(sheet, names)


def _in_sheets(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), ROWS_OF_SHEET):
        yield rows[start : start + ROWS_OF_SHEET]


_HEAD, _GREY = Font(bold=True), PatternFill("solid", fgColor="E8EDF2")
_TOP = Alignment(wrap_text=True, vertical="top")


def _write(sheet: Worksheet, row: int, column: int, text: str, *, is_head: bool) -> None:
    """A text, whatever it begins with: never a formula, never turned into a number."""
    cell: Any = sheet.cell(row=row, column=column)
    cell.value = text
    cell.data_type = "s"
    cell.number_format = "@"
    cell.alignment = _TOP
    if is_head:
        cell.font, cell.fill = _HEAD, _GREY


def _lay_out(sheet: Worksheet, names: Row) -> None:
    widths = {one.name: one.width for one in FIELD} | {"Section": 28, "Role": 30, "Label": 30}
    for column, name in enumerate(names or ("Field", "Label"), start=1):
        width = widths.get((name or "").partition(" (")[0], 24)
        sheet.column_dimensions[get_column_letter(column)].width = width
    if names:
        sheet.freeze_panes = "A2"
