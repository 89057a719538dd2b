"""Finds the tables of a sheet by their head rows, and says what each column holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.definition.mapping.guessed import Correction, Role, Target
from app.definition.mapping.view import View
from app.definition.mapping.words import (
    is_reading_label,
    is_tag,
    plain,
    role_of,
    verdict_of,
    verdicts_in,
)
from app.definition.schema import Verdict
from app.definition.workbook.addresses import letters
from app.definition.workbook.ids import plain_words

_LONGEST_NAME = 80
_ANSWERS = frozenset(
    {Role.READING, Role.VERDICT, Role.OK, Role.NOT_OK, Role.NA, Role.COMMENT, Role.CRITERION}
)
_OF_VERDICT = {Verdict.OK: Role.OK, Verdict.NOT_OK: Role.NOT_OK, Verdict.NA: Role.NA}
# Columns that are empty until somebody fills in the sheet.
_EMPTY = frozenset(
    {Role.READING, Role.OK, Role.NOT_OK, Role.NA, Role.COMMENT, Role.DATE, Role.TEXT}
)
# Names that a column of checks may have as well.
_CHECKED = frozenset(
    {
        Role.SKIP,
        Role.QUESTION,
        Role.DEVICE,
        Role.VERDICT,
        Role.CRITERION,
        Role.SECTION,
        Role.NUMBER,
        Role.LOCATION,
    }
)
_LOOK_AHEAD = 400


@dataclass(frozen=True, slots=True)
class Column:
    number: int
    label: str
    role: Role
    group: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A table: its head from `top` to `bottom`, its rows to `last`; `is_matrix`: devices in rows,
    `is_turned`: devices in columns."""

    top: int
    bottom: int
    last: int
    columns: tuple[Column, ...]
    is_matrix: bool = False
    is_turned: bool = False

    def of(self, *roles: Role) -> list[Column]:
        return [one for one in self.columns if one.role in roles]

    def first(self, role: Role) -> Column | None:
        return next((one for one in self.columns if one.role is role), None)

    @property
    def rows(self) -> range:
        return range(self.bottom + 1, self.last + 1)


def find_blocks(view: View, corrections: Sequence[Correction]) -> list[Block]:
    """The tables from top to bottom."""
    found: list[Block] = []
    row = 1
    while row <= view.height:
        block = _block_at(view, row)
        if block is None:
            row += 1
            continue
        found.append(block)
        row = block.bottom + 1
    ends = [*(block.top - 1 for block in found[1:]), view.height][: len(found)]
    found = [replace(block, last=end) for block, end in zip(found, ends, strict=True)]
    return [_settled(view, block, corrections) for block in found]


def plainest_block(view: View) -> Block | None:
    """A table without a head: the column with the longest texts asks the questions."""
    lengths: dict[int, list[int]] = {}
    for _row, column, text in view.texts():
        lengths.setdefault(column, []).append(len(text))
    likely = {one: sum(many) for one, many in lengths.items() if sum(n >= 8 for n in many) >= 4}
    if not likely:
        return None
    column = max(likely, key=lambda one: likely[one])
    return Block(0, 0, view.height, (Column(column, "", Role.QUESTION),))


def _block_at(view: View, row: int) -> Block | None:
    if len(view.filled(row)) < 2:
        return None
    single = _read_head(view, row, row)
    double = _read_head(view, row, row + 1) if _has_second_row(view, row) else None
    for head in filter(None, (double, single)):
        if _is_form(head) or head.is_turned or _is_matrix(view, head):
            return replace(head, is_matrix=not _is_form(head) and not head.is_turned)
    return None


def _has_second_row(view: View, row: int) -> bool:
    """Whether the head goes on: a cell is merged down, or a wide one has names beneath."""
    if row + 1 > view.height:
        return False
    for column in view.filled(row):
        last_row, last_column = view.end(row, column)
        if last_row == row + 1:
            return True
        beneath = [one for one in range(column, last_column + 1) if view.text(row + 1, one)]
        if last_column > column and len(beneath) > 1:
            return True
    names = [view.text(row + 1, one) for one in view.filled(row + 1)]
    known = [name for name in names if is_reading_label(name) or verdict_of(name)]
    gaps = [one for one in view.filled(row + 1) if not view.shown(row, one)]
    return len(known) >= 2 and len(known) == len(names) and bool(gaps)


def _read_head(view: View, top: int, bottom: int) -> Block:
    columns: list[Column] = []
    group = ""
    for number in range(1, view.width + 1):
        above, own = view.shown(top, number), view.shown(bottom, number)
        group = above or (group if bottom > top and own else "")
        label = own or above
        begins = view.anchor(bottom if own else top, number)[1] == number
        if not label or not begins:
            continue
        if len(label) > _LONGEST_NAME:
            return Block(top, bottom, bottom, ())
        columns.append(Column(number, label, Role.SKIP, group if group != label else ""))
    block = Block(top, bottom, view.height, tuple(_name(view, columns, bottom)))
    return replace(block, is_turned=_is_turned(view, block))


def _name(view: View, columns: list[Column], bottom: int) -> Iterator[Column]:
    labels = [one.label for one in columns]
    single = {one for one in labels if len(plain_words(one)) == 1}
    letters_of = {plain_words(one) for one in single}
    phases = single if any(letters_of >= set(three) for three in ("rst", "abc", "uvw")) else set()
    crosses = {
        one: _OF_VERDICT[verdict]
        for one in labels
        if (verdict := verdict_of(one)) and one not in phases
    }
    is_crossed = {Role.OK, Role.NOT_OK} <= set(crosses.values())
    for one in columns:
        group = role_of(one.group) if one.group else None
        if is_crossed and one.label in crosses and (group in (None, Role.VERDICT)):
            yield replace(one, role=crosses[one.label])
        elif group is Role.READING or (group is None and _is_one_of_readings(one, phases, labels)):
            yield replace(one, role=Role.READING)
        elif group is Role.CRITERION and role_of(one.label) in (Role.MIN, Role.MAX, Role.NOMINAL):
            yield replace(one, role=role_of(one.label) or Role.SKIP)
        else:
            yield replace(one, role=role_of(one.label) or group or Role.SKIP)


def _is_one_of_readings(one: Column, phases: set[str], labels: list[str]) -> bool:
    """A single letter is a phase only beside other phases; "N" alone is a number."""
    if not is_reading_label(one.label) or plain(one.label).isdigit():
        return False
    if len(plain_words(one.label)) == 1:
        return one.label in phases
    return role_of(one.label) is None and sum(map(is_reading_label, labels)) >= 1


def _is_form(block: Block) -> bool:
    roles = {one.role for one in block.columns}
    asks = Role.QUESTION in roles or (Role.NUMBER in roles and len(roles & _ANSWERS) >= 2)
    return asks and bool(roles & _ANSWERS) and not block.is_turned


def _is_turned(view: View, block: Block) -> bool:
    """Whether the columns after the questions are devices."""
    if not block.first(Role.QUESTION) and not block.first(Role.NUMBER):
        return False
    tags = [one for one in block.of(Role.SKIP) if is_tag(one.label)]
    others = {one.role for one in block.columns} & _ANSWERS
    if len(tags) < 2 or others - {Role.COMMENT, Role.CRITERION}:
        return False
    rows = range(block.bottom + 1, min(view.height, block.bottom + _LOOK_AHEAD) + 1)
    return not any(view.text(row, one.number) for row in rows for one in tags)


def _is_matrix(view: View, block: Block) -> bool:
    """Whether each row is a device: tags in a first column, and columns to fill in beside."""
    if len(block.columns) < 3:
        return False
    first = _device_column(view, block)
    if first is None:
        return False
    rows = device_rows(view, block, first.number)
    if len(rows) < 2:
        return False
    empty = [one for one in block.columns if _is_empty(view, one.number, rows)]
    return len(empty) >= 2


def _device_column(view: View, block: Block) -> Column | None:
    named = [one for one in block.columns if one.role is Role.DEVICE]
    for one in [*named, *block.columns[:3]]:
        rows = device_rows(view, block, one.number)
        tags = [view.text(row, one.number) for row in rows]
        if len(rows) >= 2 and len(set(tags)) == len(tags):
            is_named = one.role is Role.DEVICE and all(len(tag) <= 40 for tag in tags)
            is_tagged = is_named or sum(map(is_tag, tags)) > 0.7 * len(tags)
            if is_tagged and not all(tag.isdigit() for tag in tags):
                return one
    return None


def device_rows(view: View, block: Block, column: int) -> list[int]:
    """The rows below the head until the first without a device, or with only one text that is
    merged over the table."""
    rows: list[int] = []
    for row in range(block.bottom + 1, view.height + 1):
        if not view.text(row, column):
            if rows and not view.filled(row):
                break
            continue
        if view.end(row, column)[1] > column + 1:
            continue
        rows.append(row)
    return rows


def _is_empty(view: View, column: int, rows: Sequence[int]) -> bool:
    filled = sum(bool(view.text(row, column)) for row in rows)
    return filled <= 0.2 * len(rows)


def _settled(view: View, block: Block, corrections: Sequence[Correction]) -> Block:
    """The block with roles that its rows agree with, and with what somebody corrected."""
    columns = block.columns
    if block.is_matrix:
        columns = _matrix_roles(view, block)
    elif block.is_turned:
        columns = _turned_roles(block)
    else:
        columns = _form_roles(view, block)
    chosen = {(one.at, one.words): one.choice for one in corrections if one.target is Target.COLUMN}
    columns = tuple(_corrected(one, chosen) for one in columns)
    return replace(block, columns=columns)


def _corrected(column: Column, chosen: Mapping[tuple[str, str], str]) -> Column:
    choice = chosen.get((letters(column.number), plain_words(column.label)))
    return replace(column, role=Role(choice)) if choice in set(Role) else column


def _matrix_roles(view: View, block: Block) -> tuple[Column, ...]:
    device = _device_column(view, block)
    assert device is not None
    rows = device_rows(view, block, device.number)
    columns = []
    for one in block.columns:
        role = one.role
        if one is device:
            role = Role.DEVICE
        elif not _is_empty(view, one.number, rows):
            role = Role.LOCATION if role is Role.LOCATION else Role.SKIP
        elif view.choices(rows[0], one.number) or role in _CHECKED:
            role = Role.CHECK
        columns.append(replace(one, role=role))
    return tuple(columns)


def _turned_roles(block: Block) -> tuple[Column, ...]:
    question = block.first(Role.QUESTION) or block.first(Role.NUMBER)
    return tuple(
        replace(one, role=Role.DEVICE)
        if one.role is Role.SKIP and is_tag(one.label)
        else replace(one, role=Role.QUESTION)
        if one is question
        else one
        for one in block.columns
    )


def _form_roles(view: View, block: Block) -> tuple[Column, ...]:
    """One question column: the one with the longest texts; others with its name number or
    translate it."""
    asking = block.of(Role.QUESTION, Role.NUMBER, Role.DEVICE)
    sizes = {one.number: _mean_length(view, block, one.number) for one in asking}
    named = [one for one in asking if one.role is Role.QUESTION]
    best = max(named or asking, key=lambda one: sizes[one.number], default=None)
    if best and sizes[best.number] < 4 and asking:
        best = max(asking, key=lambda one: sizes[one.number])
    columns = []
    for one in block.columns:
        role = one.role
        if one is best:
            role = Role.QUESTION
        elif role is Role.QUESTION:
            is_other = sizes[one.number] > 0.4 * sizes[best.number] if best else False
            role = Role.TRANSLATION if is_other and _has_language(one.label) else Role.SECTION
            if sizes[one.number] <= 4:
                role = Role.NUMBER
        elif role in _EMPTY and role is not Role.READING and _is_mostly_filled(view, block, one):
            role = Role.SKIP
        elif role is Role.VERDICT and _is_mostly_filled(view, block, one):
            role = Role.CRITERION
        columns.append(replace(one, role=role))
    return tuple(columns)


def _has_language(label: str) -> bool:
    words = set(plain_words(label).split())
    other = {"description", "question", "check", "verification", "english", "en", "test", "item"}
    mine = {"descricao", "pergunta", "verificacao", "portugues", "pt", "ensaio", "teste"}
    return bool(words & (other | mine))


def _mean_length(view: View, block: Block, column: int) -> float:
    rows = range(block.bottom + 1, min(block.last, block.bottom + _LOOK_AHEAD) + 1)
    texts = [view.text(row, column) for row in rows if view.end(row, column)[1] <= column + 2]
    lengths = [len(text) for text in texts if text]
    return sum(lengths) / len(lengths) if lengths else 0.0


def _is_mostly_filled(view: View, block: Block, column: Column) -> bool:
    rows = [row for row in block.rows if len(view.filled(row)) >= 2]
    return (
        bool(rows)
        and not _is_empty(view, column.number, rows)
        and sum(bool(view.text(row, column.number)) for row in rows) > 0.6 * len(rows)
    )


def verdict_words(label: str) -> dict[Verdict, str]:
    """The words of a column's own name: "Pass / Fail"."""
    return verdicts_in([part for part in label.replace("|", "/").split("/") if part.strip()])
