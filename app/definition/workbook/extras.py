"""The optional sheets of info fields and signatures.

questions.py reads the questions, header.py the header sheet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from app.definition.schema import (
    CommentPolicy,
    FieldType,
    Language,
    PhotoMode,
    PhotoPolicy,
    RolePrefill,
    SignatureDue,
    Text,
)
from app.definition.sentences import N_, say
from app.definition.workbook import grammar
from app.definition.workbook.columns import INFO_FIELDS, SIGNATURES, Column, Vocabulary, find_header
from app.definition.workbook.exact import ANY, ID, Form
from app.definition.workbook.fields import Defaults, FieldDraft, read_field
from app.definition.workbook.ids import slug
from app.definition.workbook.prefills import read_role_prefill
from app.definition.workbook.problems import Log, short
from app.definition.workbook.questions import is_blank, note_unknown_columns, repeats_header
from app.definition.workbook.row import Row, label_cell
from app.definition.workbook.sheet import Cell, VisibleSheet
from app.definition.workbook.shown import STRUCK_CELL

NO_LABEL_COLUMN = N_('No header row was found in this sheet. Name the first column "%(name)s".')
ROW_WITHOUT_LABEL = N_('The column "%(name)s" is empty in this row. Fill it in or clear the row.')

INFO_DEFAULTS = Defaults(
    type=FieldType.TEXT,
    photos=PhotoPolicy(mode=PhotoMode.NONE),
    comment=CommentPolicy.OFF,
)

Draft = TypeVar("Draft")


@dataclass(frozen=True, slots=True)
class RoleDraft:
    """A signature role whose id may still be missing."""

    sheet: str
    label: Text
    required: bool
    prefill: RolePrefill | None = None
    due: SignatureDue = SignatureDue.SUBMIT
    given_id: str | None = None
    id_ref: str = ""


def read_info_fields(
    sheet: VisibleSheet, languages: tuple[Language, ...], log: Log, form: Form = ANY
) -> list[FieldDraft]:
    """The fields before the sections: no photos, no comments, text unless a type is given."""

    def read(row: Row, label: Text, cell: Cell) -> FieldDraft | None:
        return read_field(row, label, cell, INFO_DEFAULTS)

    drafts = _read_rows(sheet, languages, log, (INFO_FIELDS, "Label"), read, form)
    return [draft for draft in drafts if draft]


def read_roles(
    sheet: VisibleSheet, languages: tuple[Language, ...], log: Log, form: Form = ANY
) -> list[RoleDraft]:
    """The signature roles in order; required unless the sheet says no."""

    def read(row: Row, label: Text, cell: Cell) -> RoleDraft:
        required, given = row.get(Column.REQUIRED), row.get(Column.ID)
        is_required = required is None or log.attempt(
            sheet.name, required.ref, lambda: grammar.parse_yes_no(required.text, True), True
        )
        given_id = slug(given.text) if given and given.text else None
        if given and form.is_exact and ID.fullmatch(given.text):
            given_id = given.text
        return RoleDraft(
            sheet=sheet.name,
            label=label,
            required=is_required,
            prefill=read_role_prefill(log, sheet, row.get(Column.PREFILL), cell, label),
            due=_read_due(row.get(Column.DUE), sheet, log),
            given_id=given_id,
            id_ref=given.ref if given else "",
        )

    return _read_rows(sheet, languages, log, (SIGNATURES, "Role"), read, form)


def _read_due(cell: Cell | None, sheet: VisibleSheet, log: Log) -> SignatureDue:
    if cell is None:
        return SignatureDue.SUBMIT
    return log.attempt(
        sheet.name, cell.ref, lambda: grammar.parse_due(cell.text), SignatureDue.SUBMIT
    )


def _read_rows(
    sheet: VisibleSheet,
    languages: tuple[Language, ...],
    log: Log,
    kind: tuple[Vocabulary, str],
    read: Callable[[Row, Text, Cell], Draft],
    form: Form,
) -> list[Draft]:
    vocabulary, name = kind
    header = find_header(sheet, vocabulary)
    if header is None or not header.of(Column.LABEL):
        if sheet.has_words():
            log.problem(sheet.name, "A1", say(NO_LABEL_COLUMN, name=name))
        return []
    note_unknown_columns(sheet, header, log)
    drafts: list[Draft] = []
    for number in range(header.row + 1, len(sheet.rows) + 1):
        row = Row(sheet, header, number, languages, log, form)
        if is_blank(row) or repeats_header(row):
            continue
        if struck := row.struck(Column.LABEL):
            row.notice(struck, say(STRUCK_CELL, text=short(struck.struck)))
            continue
        cell = label_cell(row)
        label = row.texts(Column.LABEL)
        if cell and label:
            drafts.append(read(row, label, cell))
        elif cell and not cell.flaw:
            row.problem(cell, say(ROW_WITHOUT_LABEL, name=header.of(Column.LABEL)[0].cell.text))
    return drafts
