"""Reads an uploaded workbook into a Definition, or into the list of all problems.

The only entry point of this package. It finds the sheets and assembles the result; the other
modules interpret rows and cells.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from app.definition.schema import Definition, Text
from app.definition.sentences import N_, Sentence, say
from app.definition.workbook.assemble import Drafts, build, reject_repeated_ids
from app.definition.workbook.columns import CHECKLIST, HEADER_ROWS, Column, HeaderRow, find_header
from app.definition.workbook.exact import is_answer_sheet, read_form
from app.definition.workbook.extras import read_info_fields, read_roles
from app.definition.workbook.guard import DAMAGED, check_file
from app.definition.workbook.header import HeaderDraft, make_code, read_header
from app.definition.workbook.ids import name_set, plain_words
from app.definition.workbook.letters import note_letters
from app.definition.workbook.problems import Log, Problem
from app.definition.workbook.questions import read_questions
from app.definition.workbook.sheet import Book, VisibleSheet, open_book
from app.slow_work import slow_work

NO_SHEET = N_("The workbook has no visible sheet with text. Unhide or fill in the checklist sheet.")
NO_HEADER = N_(
    "No header row was found in the first 15 rows. Name the columns Section, Question and Type."
)
COLUMN_MISSING = {
    "Section": N_(
        'The header row has no column "Section". Add it, or give this name to '
        "the column that shows which part of the checklist a question belongs to."
    ),
    "Question": N_(
        'The header row has no column "Question". Add it, or give this name to the column with the'
        " questions."
    ),
    "Type": N_(
        'The header row has no column "Type". Add it to state how each question '
        'is answered, for example "verdict", "number" or "text".'
    ),
}
XLSFORM = N_(
    "This is an XLSForm, a form for other programs. Upload it on the page "
    "Checklists: it is read there, and what cannot be kept is listed first."
)
HIDDEN_SHEETS = N_(
    "Hidden sheets were skipped: %(names)s. If they belong to the checklist, "
    "unhide them and upload again."
)
SHEET_UNREAD = N_('The sheet "%(name)s" was not read because its name is not recognised.')
SHEET_LEFT_OUT = N_('The sheet "%(name)s" also looks like a checklist, but only one is read.')

_CHECKLIST_SHEETS = name_set("checklist|check list|questions|perguntas|questoes")
_INFO_SHEETS = name_set(
    "info fields|info field|info|information|general information|project information"
    "|informacoes|informacao|campos de informacao|campos informativos|informacoes gerais"
    "|dados gerais|campos de identificacao|identificacao"
)
_SIGNATURE_SHEETS = name_set(
    "signatures|signature|sign off|signoff|signature roles|assinaturas|assinatura"
    "|papeis de assinatura"
)
_HEADER_SHEETS = name_set("header|cover|metadata|document|cabecalho|capa|documento|metadados")
_OTHER_SHEETS = name_set(
    "instructions|read me|readme|help|instrucoes|instructions instrucoes|leia me|ajuda"
)
_NEEDED = ((Column.SECTION, "Section"), (Column.LABEL, "Question"), (Column.TYPE, "Type"))


@dataclass(frozen=True, slots=True)
class WorkbookReading:
    """Either a definition without problems, or problems without a definition.

    `notices` say what was left out or assumed; they stop nothing. `code` is the checklist's
    code, if it could be read, so that the caller can look for an earlier version. `is_busy`: the
    server had no time for the file, which may be without fault. `is_unknown`: the workbook has
    text, but in none of our forms.
    """

    definition: Definition | None
    problems: tuple[Problem, ...]
    notices: tuple[Problem, ...]
    code: str | None
    is_busy: bool = False
    is_unknown: bool = False


@slow_work
def read_workbook(
    data: bytes, *, filename_stem: str, known: Definition | None = None
) -> WorkbookReading:
    """Read an .xlsx checklist in either form. Never raises, whatever the bytes.

    `filename_stem` provides code and title if the workbook has none. `known` is the earlier
    version, whose ids are kept for the same questions.
    """
    refusal = check_file(data)
    if refusal:
        return refused(refusal)
    try:
        book = open_book(data)
    except Exception:  # damaged parts raise KeyError, TypeError and others
        return refused(say(DAMAGED))
    log = Log()
    drafts = _read_sheets(book, log)
    if drafts is None:
        return replace(_reading(None, log, None), is_unknown=_is_unknown(book))
    code, title = _code_and_title(drafts, filename_stem)
    reject_repeated_ids(drafts, log)
    definition = None if log.problems else build(drafts, code, title, known, log)
    if definition:
        note_letters(book.sheets, definition, log)
    return _reading(definition, log, code)


def refused(sentence: Sentence, *, is_busy: bool = False) -> WorkbookReading:
    """The result for a file that cannot be read at all."""
    return WorkbookReading(None, (Problem("", "", sentence),), (), None, is_busy)


def _reading(definition: Definition | None, log: Log, code: str | None) -> WorkbookReading:
    return WorkbookReading(definition, tuple(log.problems), tuple(log.notices), code)


def _read_sheets(book: Book, log: Log) -> Drafts | None:
    sheets = book.sheets
    if any(map(is_form_sheet, sheets)):
        log.problem("", "", say(XLSFORM))
        return None
    if book.hidden:
        log.notice("", "", say(HIDDEN_SHEETS, names=", ".join(book.hidden)))
    found = _find_checklist(sheets, log)
    if found is None:
        return None
    sheet, header = found
    _note_left_out(sheet, log)
    rest = [one for one in sheets if one is not sheet]
    info, signatures, head = (
        next((one for one in rest if plain_words(one.name) in names), None)
        for names in (_INFO_SHEETS, _SIGNATURE_SHEETS, _HEADER_SHEETS)
    )
    form = read_form(head, rest)
    more = _continuations(rest) if form.is_exact else []
    questions = read_questions(sheet, header, log, form, more)
    languages = questions.languages
    read_too = [one for one, _ in more]
    read_too += filter(is_answer_sheet, rest if form.is_exact else [])
    for one in rest:
        if one is info or one is signatures or one is head or one in read_too:
            _note_left_out(one, log)
        else:
            _note_unread(one, log)
    for name in book.without_cells:
        log.notice(name, "", say(SHEET_UNREAD, name=name))
    return Drafts(
        languages=languages,
        sections=questions.sections,
        info_fields=read_info_fields(info, languages, log, form) if info else [],
        roles=read_roles(signatures, languages, log, form) if signatures else [],
        header=read_header(head, languages, log, form) if head else HeaderDraft(),
    )


def _continuations(sheets: Sequence[VisibleSheet]) -> list[tuple[VisibleSheet, HeaderRow]]:
    """The sheets "Checklist 2" and so on, which go on where the first has no more rows."""
    named = [one for one in sheets if re.fullmatch(r"checklist [0-9]+", plain_words(one.name))]
    headers = [(one, find_header(one, CHECKLIST)) for one in named]
    return [(one, header) for one, header in headers if header and not _lacks(header)]


def is_form_sheet(sheet: VisibleSheet) -> bool:
    """Whether this is the survey sheet of an XLSForm and not a checklist sheet."""
    if plain_words(sheet.name) != "survey":
        return False
    rows = [{plain_words(text) for text in row} for row in sheet.rows[:HEADER_ROWS]]
    header = find_header(sheet, CHECKLIST)
    return any(map(_has_form_columns, rows)) and not (header and not _lacks(header))


def _has_form_columns(titles: Collection[str]) -> bool:
    return bool({"type", "command"} & {*titles}) and bool({"name", "tag", "value"} & {*titles})


def _note_left_out(sheet: VisibleSheet, log: Log) -> None:
    """Log what a sheet hides, and the objects on it that are left out."""
    for cell, sentence in sheet.notices:
        log.notice(sheet.name, cell, sentence)


def _note_unread(sheet: VisibleSheet, log: Log) -> None:
    is_named = any(notice.sheet == sheet.name for notice in log.notices)
    if sheet.has_words() and not is_named and plain_words(sheet.name) not in _OTHER_SHEETS:
        log.notice(sheet.name, "A1", say(SHEET_UNREAD, name=sheet.name))


def _find_checklist(
    sheets: Sequence[VisibleSheet], log: Log
) -> tuple[VisibleSheet, HeaderRow] | None:
    """The sheet with the name of a checklist, else the first with all required columns."""
    named_otherwise = _INFO_SHEETS | _SIGNATURE_SHEETS | _HEADER_SHEETS | _OTHER_SHEETS
    filled = [sheet for sheet in sheets if sheet.has_words()]
    likely = [sheet for sheet in filled if plain_words(sheet.name) not in named_otherwise]
    if not likely:
        for sheet in sheets:
            _note_left_out(sheet, log)
        log.problem("", "", say(NO_SHEET))
        return None
    headers = [(sheet, find_header(sheet, CHECKLIST)) for sheet in likely]
    headers.sort(key=lambda pair: plain_words(pair[0].name) not in _CHECKLIST_SHEETS)
    complete = [(sheet, header) for sheet, header in headers if header and not _lacks(header)]
    if not complete:
        _note_left_out(headers[0][0], log)
        _report_header_problems(*headers[0], log)
        return None
    for other, _ in complete[1:]:
        log.notice(other.name, "A1", say(SHEET_LEFT_OUT, name=other.name))
    return complete[0]


def _is_unknown(book: Book) -> bool:
    """Whether no sheet has more than one of the columns that our forms need."""
    if any(map(is_form_sheet, book.sheets)):
        return False
    filled = [sheet for sheet in book.sheets if sheet.has_words()]
    headers = [find_header(sheet, CHECKLIST) for sheet in filled]
    return bool(filled) and all(one is None or len(_lacks(one)) > 1 for one in headers)


def _lacks(header: HeaderRow) -> list[str]:
    return [name for column, name in _NEEDED if not header.of(column)]


def _report_header_problems(sheet: VisibleSheet, header: HeaderRow | None, log: Log) -> None:
    if header is None or len(_lacks(header)) == len(_NEEDED):
        log.problem(sheet.name, "A1", say(NO_HEADER))
        return
    for name in _lacks(header):
        cell = header.places[0].cell.ref
        log.problem(sheet.name, cell, say(COLUMN_MISSING[name]))


def _code_and_title(drafts: Drafts, filename_stem: str) -> tuple[str, Text]:
    stem = " ".join(filename_stem.replace("_", " ").replace("-", " ").split())[:200]
    stem = "".join(character for character in stem if character.isprintable()).strip()
    code = drafts.header.code or make_code(filename_stem) or "CHECKLIST"
    words = f"{stem[:1].upper()}{stem[1:]}" or "Checklist"
    return code, drafts.header.title or Text(**{drafts.languages[0]: words})
