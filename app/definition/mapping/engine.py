"""Maps an opened workbook of no known form: the only entry point of the guess.

Guesses from the cells, then applies what somebody corrected. The sandbox runs it in the child.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import replace

from app.definition.mapping.build import (
    Heading,
    build_checklist,
    role_without_sheet,
    without_sheet,
)
from app.definition.mapping.context import Context
from app.definition.mapping.drafts import SheetDraft
from app.definition.mapping.guessed import (
    BlockGuess,
    ColumnGuess,
    Correction,
    Device,
    Kind,
    MappedChecklist,
    Mapping,
    Role,
    SheetGuess,
    SheetKind,
    Told,
)
from app.definition.mapping.heads import Block, find_blocks, plainest_block
from app.definition.mapping.margins import prose, read_margin
from app.definition.mapping.matrix import read_matrix, read_turned
from app.definition.mapping.rows import RowReader
from app.definition.mapping.rules import Rules, read_rules
from app.definition.mapping.titles import Title, read_title
from app.definition.mapping.view import View, ref
from app.definition.mapping.words import language_of
from app.definition.schema import Definition
from app.definition.sentences import Sentence
from app.definition.workbook.header import make_code
from app.definition.workbook.ids import plain_words
from app.definition.workbook.sheet import Book

FIRST_TOLD = 500
SHOWN_ROWS, SHOWN_COLUMNS = 400, 30
_CELL_TEXT = 300


class SheetMapper:
    """One sheet: its tables, and then what it asks for."""

    def __init__(self, view: View, corrections: Sequence[Correction]) -> None:
        self.view = view
        self.blocks = find_blocks(view, corrections)
        self.draft = SheetDraft(view.name)
        self.kind = self._guess_kind()
        self.title = Title("", "", ())

    def _guess_kind(self) -> SheetKind:
        if self.blocks:
            is_matrix = any(one.is_matrix or one.is_turned for one in self.blocks)
            return SheetKind.MATRIX if is_matrix else SheetKind.FORM
        labels = sum(text.rstrip().endswith(":") for *_, text in self.view.texts())
        pairs = sum(self._is_paired(row) for row in range(1, self.view.height + 1))
        is_cover = labels >= 3 or (labels >= 2 and pairs) or pairs >= 3
        return SheetKind.FORM if is_cover else SheetKind.RULES

    def _is_paired(self, row: int) -> bool:
        filled = self.view.filled(row)
        texts = [self.view.text(row, one) for one in filled]
        free = [one for one in filled if self.view.is_free(row, self.view.right_of(row, one))]
        return len(free) >= 2 and len(free) == len(filled) and all(len(one) <= 60 for one in texts)

    def choose(self, kind: SheetKind) -> None:
        """Take the sheet for what somebody said it is."""
        if kind is SheetKind.FORM and not self.blocks and (block := plainest_block(self.view)):
            self.blocks = [block]
        if kind is SheetKind.FORM:
            self.blocks = [replace(one, is_matrix=False, is_turned=False) for one in self.blocks]
        self.kind = kind

    @property
    def table_rows(self) -> list[range]:
        return [range(block.bottom, block.last + 1) for block in self.blocks]

    def read(self, context: Context) -> None:
        if self.kind not in (SheetKind.FORM, SheetKind.MATRIX):
            return
        above = (self.blocks[0].top - 1) if self.blocks else self.view.height
        self.title = read_title(self.view, above if self.blocks else 3)
        self._read_margin(1, above, context, is_tail=not self.blocks)
        for number, block in enumerate(self.blocks):
            last = self._read_block(block, context)
            following = (
                self.blocks[number + 1].top - 1
                if number + 1 < len(self.blocks)
                else self.view.height
            )
            self._read_margin(last + 1, following, context, is_tail=True)

    def _read_block(self, block: Block, context: Context) -> int:
        if block.is_turned:
            return read_turned(self.view, block, self.draft, context)
        if block.is_matrix:
            return read_matrix(self.view, block, self.draft, context)
        return RowReader(self.view, block, self.draft, context).read()

    def _read_margin(self, first: int, last: int, context: Context, *, is_tail: bool) -> None:
        if first > last:
            return
        read_margin(
            self.view,
            first,
            last,
            self.draft,
            context,
            is_tail=is_tail,
            silent={*self.title.used, *self._understood(context)},
        )

    def _understood(self, context: Context) -> set[tuple[int, int]]:
        known = context.rules.understood
        return {
            (row, column)
            for row, column, _ in self.view.texts()
            if (self.view.name, ref(row, column)) in known
        }

    @property
    def head_words(self) -> list[list[tuple[int, str]]]:
        return [[(one.number, plain_words(one.label)) for one in b.columns] for b in self.blocks]

    def guess(self) -> SheetGuess:
        rows = self.view.sheet.rows[:SHOWN_ROWS]
        return SheetGuess(
            name=self.view.name,
            kind=self.kind,
            blocks=tuple(map(_block_guess, self.blocks)),
            parts=tuple(sorted(self.draft.parts, key=lambda one: (one.row, one.is_row))),
            cells=tuple(tuple(text[:_CELL_TEXT] for text in row[:SHOWN_COLUMNS]) for row in rows),
            is_cut=len(self.view.sheet.rows) > SHOWN_ROWS or self.view.width > SHOWN_COLUMNS,
        )


def map_book(
    book: Book,
    *,
    filename_stem: str,
    corrections: Sequence[Correction] = (),
    known: Dictionary[str, Definition] | None = None,
) -> Mapping:
    """The guess with the corrections. `known` has the earlier versions by code, for their ids."""
    mappers = [SheetMapper(View(sheet), corrections) for sheet in book.sheets if sheet.has_words()]
    shape = _shape(mappers)
    if not any(one.blocks for one in mappers):
        _choose_plainest(mappers)
    context = Context(
        language_of(text for one in mappers for *_, text in one.view.texts()), Rules(), corrections
    )
    for one in mappers:
        if (choice := context.sheet(one.view.name)) in set(SheetKind):
            one.choose(SheetKind(choice))
    context.rules = read_rules(
        (one.view.name, ref(row, column), text)
        for one in mappers
        if one.kind is not SheetKind.SKIP
        for row, column, text in prose(one.view, one.table_rows)
    )
    for one in mappers:
        one.read(context)
    stem = " ".join(re.sub(r"[_-]+", " ", filename_stem).split()) or "Checklist"
    checklists = _checklists(mappers, stem, context, known or {})
    told = _told(mappers)
    return Mapping(
        shape=shape,
        language=context.language,
        sheets=tuple(one.guess() for one in mappers),
        checklists=tuple(checklists),
        told=tuple(told[:FIRST_TOLD]),
    )


def _choose_plainest(mappers: Sequence[SheetMapper]) -> None:
    """A workbook without any head: its longest list asks the questions."""
    likely = [one for one in mappers if one.kind is SheetKind.RULES and plainest_block(one.view)]
    if likely:
        max(likely, key=lambda one: one.view.height).choose(SheetKind.FORM)


def _shape(mappers: Sequence[SheetMapper]) -> str:
    heads = {json.dumps([one.kind.value, head]) for one in mappers for head in one.head_words}
    return hashlib.sha256(json.dumps(sorted(heads)).encode()).hexdigest()


def _checklists(
    mappers: Sequence[SheetMapper],
    stem: str,
    context: Context,
    known: Dictionary[str, Definition],
) -> list[MappedChecklist]:
    groups = _groups(mappers)
    made = []
    taken: Counter[str] = Counter()
    for group in groups:
        heading = _heading(group, stem, is_alone=len(groups) == 1)
        taken[heading.code] += 1
        if taken[heading.code] > 1:
            heading = replace(heading, code=f"{heading.code[:28]}-{taken[heading.code]}")
        sheets, devices = _same_sheets([one.draft for one in group])
        if not any(sheet.questions for sheet in sheets):
            continue
        one = build_checklist(heading, sheets, devices, context, known.get(heading.code))
        if one:
            names = tuple(mapper.view.name for mapper in group)
            made.append(one.model_copy(update={"sheets": names}))
    return made


def _groups(mappers: Sequence[SheetMapper]) -> list[list[SheetMapper]]:
    """All forms together, and the matrices of each shape."""
    forms = [one for one in mappers if one.kind is SheetKind.FORM and _asks(one)]
    groups: dict[str, list[SheetMapper]] = {}
    for one in mappers:
        if one.kind is SheetKind.MATRIX and one.draft.questions:
            key = json.dumps([question.signature for question in one.draft.questions])
            groups.setdefault(key, []).append(one)
    has_form = any(one.draft.questions for one in forms)
    found = [*([forms] if has_form else []), *groups.values()]
    if not has_form and forms and found:
        found = [[*forms, *group] for group in found] if len(found) == 1 else found
    return found


def _asks(one: SheetMapper) -> bool:
    return bool(one.draft.questions or one.draft.info or one.draft.roles)


def _same_sheets(drafts: list[SheetDraft]) -> tuple[list[SheetDraft], list[Device]]:
    """Sheets that ask the same become one, and each of them a device."""
    devices = _distinct([device for draft in drafts for device in draft.devices])
    if any(draft.is_matrix for draft in drafts):
        first = next(draft for draft in drafts if draft.is_matrix)
        return [*(draft for draft in drafts if not draft.is_matrix), first], devices
    alike = Counter(_asked(draft) for draft in drafts if draft.questions)
    common = alike.most_common(1)
    if not common or common[0][1] < 2:
        return [_titled(draft, drafts) for draft in drafts], []
    same = [draft for draft in drafts if _asked(draft) == common[0][0]]
    first = same[0]
    merged = replace(
        first,
        info=[without_sheet(one) for one in first.info],
        questions=[without_sheet(one) for one in first.questions],
        roles=[role_without_sheet(one) for one in first.roles],
    )
    rest = [_titled(draft, drafts) for draft in drafts if draft not in same]
    return [merged, *rest], [Device(tag=one.name[:80], sheet=one.name) for one in same]


def _asked(draft: SheetDraft) -> str:
    return json.dumps([(one.signature, one.ref) for one in draft.questions])


def _titled(draft: SheetDraft, drafts: Sequence[SheetDraft]) -> SheetDraft:
    """With the sheet's name before its sections, where several sheets ask questions."""
    if sum(bool(one.questions) for one in drafts) < 2:
        return draft
    questions = [
        replace(one, section=f"{draft.name} – {one.section}" if one.section else draft.name)
        for one in draft.questions
    ]
    return replace(draft, questions=questions)


def _distinct(devices: Sequence[Device]) -> list[Device]:
    found: dict[str, Device] = {}
    for one in devices:
        found.setdefault(one.tag, one)
    return list(found.values())


def _heading(group: Sequence[SheetMapper], stem: str, *, is_alone: bool) -> Heading:
    titles = [one.title for one in group if one.title.title or one.title.code]
    title = titles[0].title if titles and titles[0].title else stem
    code = next((one.code for one in titles if one.code), "")
    if not is_alone and group[0].kind is SheetKind.MATRIX:
        code = code or make_code(f"{make_code(stem)[:20]}-{group[0].view.name}")
    code = code or make_code(stem) or "CHECKLIST"
    if len(titles) > 1 and group[0].kind is SheetKind.MATRIX:
        title = _common_words([one.title for one in titles]) or stem
    title = title[:1].upper() + title[1:]
    standards = tuple(dict.fromkeys(one for found in titles for one in found.standards))
    return Heading(code[:32].rstrip("-._") or "CHECKLIST", title, standards)


def _common_words(titles: Sequence[str]) -> str:
    """The words that all titles share: "Field verification" of the PDUs, RPPs and STS."""
    shared = [word for word in titles[0].split() if all(word in one.split() for one in titles)]
    return " ".join(shared) if len(shared) >= 2 else ""


def _told(mappers: Sequence[SheetMapper]) -> list[Told]:
    told = []
    for one in mappers:
        for cell, sentence in one.view.sheet.notices:
            told.append(_one_told(one.view.name, cell, sentence))
        for cell, sentence in one.draft.told:
            told.append(_one_told(one.view.name, cell, sentence))
    return told


def _one_told(sheet: str, cell: str, sentence: Sentence) -> Told:
    return Told(sheet=sheet, cell=cell, msgid=sentence.msgid, params=dict(sentence.params))


def _block_guess(block: Block) -> BlockGuess:
    columns = tuple(
        ColumnGuess(column=one.number, label=one.label, role=one.role, group=one.group)
        for one in block.columns
    )
    return BlockGuess(top=block.top, bottom=block.bottom, last=block.last, columns=columns)


__all__ = ["Kind", "Mapping", "Role", "map_book"]
