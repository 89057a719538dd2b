"""Reads a sheet with devices beside checks: each device is equipment, each check a question."""

from __future__ import annotations

from dataclasses import replace

from app.definition.mapping.context import Context
from app.definition.mapping.drafts import QuestionDraft, RoleDraft, SheetDraft
from app.definition.mapping.guessed import (
    Device,
    FieldPlace,
    Kind,
    Mark,
    PartGuess,
    Role,
    RolePlace,
)
from app.definition.mapping.heads import Block, Column, device_rows
from app.definition.mapping.marks import marks_in_words
from app.definition.mapping.rows import LEFT_OUT, RowReader
from app.definition.mapping.view import View, ref
from app.definition.mapping.words import unit_in, verdicts_in
from app.definition.schema import FieldType
from app.definition.sentences import N_, say
from app.definition.workbook.problems import short

TAG_TWICE = N_('The device "%(tag)s" is in more than one row, so only the first is filled in.')
LONG_TAG = N_('"%(tag)s" is longer than a tag may be (80 characters), so the device was left out.')

_MAX_TAG = 80


def read_matrix(view: View, block: Block, draft: SheetDraft, context: Context) -> int:
    """Read a table with a device in each row; returns its last row."""
    device = block.first(Role.DEVICE)
    if device is None:
        return block.bottom
    draft.is_matrix = True
    rows = device_rows(view, block, device.number)
    place = block.first(Role.LOCATION)
    for row in rows:
        tag = view.text(row, device.number)
        if context.row(view.name, row, tag) is Kind.SKIP:
            draft.parts.append(_part(row, device.number, Kind.SKIP, tag, ""))
            continue
        location = view.shown(row, place.number) if place else ""
        _add_device(
            draft, Device(tag="?", sheet=view.name, row=row, location=location), tag, device.number
        )
    if rows:
        for one in block.columns:
            _read_column(view, rows[0], one, block, draft, context)
    return max(rows, default=block.bottom)


def read_turned(view: View, block: Block, draft: SheetDraft, context: Context) -> int:
    """Read a table with a device in each column; the rows are questions as in any other."""
    reader = RowReader(view, block, draft, context)
    last = reader.read()
    draft.is_matrix = True
    for one in block.of(Role.DEVICE):
        _add_device(
            draft, Device(tag="?", sheet=view.name, column=one.number), one.label, one.number
        )
    first = block.first(Role.DEVICE)
    for made in draft.questions:
        row = made.ref.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        if first is None or not row:
            continue
        words = marks_in_words(view, int(row), replace(first, label=""), context)
        if made.type is FieldType.VERDICT:
            marks = {one.value: Mark(cell=row, text=text) for one, text in words.items()}
            made.place = FieldPlace(marks=marks)
        else:
            made.place = FieldPlace(values={"": row})
    return last


def _add_device(draft: SheetDraft, device: Device, tag: str, column: int) -> None:
    tag = " ".join(tag.split())
    where = ref(device.row or 1, column)
    if len(tag) > _MAX_TAG:
        draft.tell(where, say(LONG_TAG, tag=short(tag)))
    elif any(one.tag == tag for one in draft.devices):
        draft.tell(where, say(TAG_TWICE, tag=short(tag)))
    else:
        draft.devices.append(device.model_copy(update={"tag": tag, "type": draft.name}))


def _read_column(
    view: View, row: int, column: Column, block: Block, draft: SheetDraft, context: Context
) -> None:
    label = " ".join(column.label.split())
    at = ref(None, column.number)
    where = ref(block.bottom, column.number)
    if column.role is Role.SIGNATURE:
        draft.roles.append(RoleDraft(label, RolePlace(drawing=at), where))
    elif column.role is Role.COMMENT:
        draft.questions.append(_question(label, FieldType.LONG_TEXT, where, values={"": at}))
    elif column.role is Role.DATE:
        draft.questions.append(_question(label, FieldType.DATE, where, values={"": at}))
    elif column.role is Role.TEXT:
        draft.questions.append(_question(label, FieldType.TEXT, where, values={"": at}))
    elif column.role is Role.READING:
        draft.questions.append(_question(label, FieldType.NUMBER, where, values={"": at}))
    elif column.role in (Role.CHECK, Role.VERDICT, Role.OK):
        draft.questions.append(_check(view, row, column, label, where, context))
    elif column.role is Role.SKIP:
        draft.tell(where, say(LEFT_OUT, text=short(label)))


def _check(
    view: View, row: int, column: Column, label: str, where: str, context: Context
) -> QuestionDraft:
    at = ref(None, column.number)
    choices = view.choices(row, column.number)
    if not choices and unit_in(label):
        return _question(label, FieldType.NUMBER, where, values={"": at})
    if len(choices) >= 2 and not verdicts_in(choices):
        made = _question(label, FieldType.SELECT_ONE, where, values={"": at})
        made.options = choices
        return made
    words = marks_in_words(view, row, column, context)
    made = _question(label, FieldType.VERDICT, where)
    made.place = FieldPlace(
        marks={one.value: Mark(cell=at, text=text) for one, text in words.items()}
    )
    return made


def _question(
    label: str, kind: FieldType, where: str, values: dict[str, str] | None = None
) -> QuestionDraft:
    return QuestionDraft(
        section="",
        label=label,
        type=kind,
        place=FieldPlace(values=values or {}),
        ref=where,
        unit=unit_in(label) if kind is FieldType.NUMBER else None,
        required=kind is not FieldType.LONG_TEXT,
    )


def _part(row: int, column: int, kind: Kind, label: str, detail: str) -> PartGuess:
    return PartGuess(ref=ref(row, column), row=row, kind=kind, label=label, detail=detail)
