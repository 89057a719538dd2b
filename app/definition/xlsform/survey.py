"""Walks the survey sheet: groups become sections, other rows what questions.py makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.definition.schema import Text
from app.definition.sentences import N_, say
from app.definition.workbook.problems import Log, short
from app.definition.xlsform import own
from app.definition.xlsform.choices import Lists
from app.definition.xlsform.columns import Part
from app.definition.xlsform.drafts import (
    FieldDraft,
    FormDraft,
    RoleDraft,
    SectionDraft,
    source_name,
)
from app.definition.xlsform.kinds import BEGINS, ENDS, Kind, RowType, row_type
from app.definition.xlsform.leftout import Construct, Listing
from app.definition.xlsform.logic import Rule
from app.definition.xlsform.questions import YES, Questions, rule_of
from app.definition.xlsform.rows import Row, Rows
from app.definition.xlsform.texts import MAX_TEXT, Texts

MAX_DEPTH = 50

NOT_OPEN = N_('"%(type)s" closes nothing that is open here. Remove the row, or add its begin row.')
OTHER_OPEN = N_(
    '"%(type)s" stands where "%(name)s" (row %(row)s) must be closed first. Correct one of them.'
)
NOT_CLOSED = N_('"%(name)s" is begun here and never closed. Add its end row.')
TOO_DEEP = N_("More than %(limit)s groups are inside one another. Remove some of them.")
NO_NAME = N_("This question has no name. Write one in the column name.")

_CLOSES = {Kind.END_GROUP: Kind.BEGIN_GROUP, Kind.END_REPEAT: Kind.BEGIN_REPEAT}


@dataclass(frozen=True, slots=True)
class _Group:
    """An open group. One without a title is no section: its questions stay in the one around it.

    `own` is what a group of our own export holds.
    """

    name: str
    kind: Kind
    row: int
    cell: str
    title: Text | None
    own: own.Holder | None = None
    relevant: Rule | None = None


class Survey:
    """Reads all rows into `draft`. `title` is that of questions outside every group."""

    def __init__(
        self, rows: Rows, lists: Lists, texts: Texts, title: Text, listing: Listing, log: Log
    ) -> None:
        self._rows = rows
        self._texts = texts
        self._title = title
        self._listing = listing
        self._log = log
        self._lists = lists
        self._questions = Questions(texts, lists, listing, log)
        self._open: list[_Group] = []
        self._path: tuple[int, ...] | None = None
        self._names: set[str] = set()
        self._is_stopped = False
        self.draft = FormDraft(texts.languages)

    def read(self) -> FormDraft:
        for row in self._rows:
            if self._is_stopped:
                return self.draft
            kind = row_type(row.text(Part.TYPE))
            if row.text(Part.DISABLED).lower() in YES:
                self._questions.list_left_out(row, Construct.DISABLED)
            elif not row.text(Part.TYPE):
                self._take_untyped(row)
            elif kind.kind in BEGINS:
                self._begin(row, kind.kind)
            elif kind.kind in ENDS:
                self._end(row, kind.kind)
            elif row.own_text(own.PART) or self._is_inside_table():
                continue  # for other programs: the row of its question says the same
            elif own.is_own(row):
                self._lists.take(kind.list_name)
                self._take_own(row)
            else:
                self._take(row, kind)
        for group in self._open[:1]:
            sentence = say(NOT_CLOSED, name=short(group.name))
            self._log.problem(self._rows.sheet, group.cell, sentence)
        return self.draft

    def _take_untyped(self, row: Row) -> None:
        if row.text(Part.NAME) or row.words(Part.LABEL):
            self._questions.list_left_out(row, Construct.NO_TYPE)

    def _take(self, row: Row, kind: RowType) -> None:
        is_calculated = kind.left_out is Construct.CALCULATED and row.text(Part.CALCULATION)
        if kind.left_out is not None and not (is_calculated and row.text(Part.NAME)):
            if kind.left_out is Construct.RANKING and kind.list_name:
                self._lists.take(kind.list_name)
            self._questions.list_left_out(row, kind.left_out)
            return
        name = row.text(Part.NAME)
        if not name:
            self._log.problem(row.sheet, row.ref(Part.TYPE), say(NO_NAME))
            return
        if name in self._names:
            self._listing.add(Construct.SAME_NAME, row.sheet, row.ref(Part.NAME), name)
        self._names.add(name)
        if is_calculated:
            self._add(self._questions.make_calculated(row))
            return
        for made in self._questions.make(row, kind):
            if isinstance(made, RoleDraft):
                self.draft.roles.append(made)
            else:
                self._add(made)

    def _take_own(self, row: Row) -> None:
        made = own.read_item(row, self._texts, self._lists, self._log)
        if isinstance(made, RoleDraft):
            self.draft.roles.append(made)
        elif made is not None:
            self._add(made)

    def _begin(self, row: Row, kind: Kind | None) -> None:
        assert kind is not None
        if len(self._open) >= MAX_DEPTH:
            self._is_stopped = True
            sentence = say(TOO_DEEP, limit=MAX_DEPTH)
            self._log.problem(row.sheet, row.ref(Part.TYPE), sentence)
            return
        name, holder = row.text(Part.NAME), own.holder_of(row)
        if holder is None:
            title = self._texts.of_row(row, Part.LABEL, name=name)
            self._list_group(row, kind, title)
        else:
            title = own.label_of(row, self._texts)
            if holder is own.Holder.TABLE and not self._is_inside_table():
                self._take_own(row)
        relevant = rule_of(row, Part.RELEVANT) if holder is None else None
        group = _Group(name, kind, row.number, row.ref(Part.TYPE), title, holder, relevant)
        self._open.append(group)
        if holder is own.Holder.SECTION and title:
            section = own.read_section(row, title, self._log)
            self.draft.sections.append(section)
            self._path = self._path_now()

    def _list_group(self, row: Row, kind: Kind, title: Text | None) -> None:
        name = row.text(Part.NAME)
        self._questions.list_columns_of_group(row)
        if kind is Kind.BEGIN_REPEAT:
            self._listing.add(Construct.REPEAT, row.sheet, row.ref(Part.TYPE), name)
        if title is not None and any(group.title for group in self._open):
            self._listing.add(Construct.NESTED_GROUP, row.sheet, row.ref(Part.TYPE), name)

    def _end(self, row: Row, kind: Kind | None) -> None:
        assert kind is not None
        ref, words = row.ref(Part.TYPE), short(row.text(Part.TYPE))
        if not self._open:
            self._log.problem(row.sheet, ref, say(NOT_OPEN, type=words))
            return
        last = self._open[-1]
        if last.kind is not _CLOSES[kind]:
            sentence = say(OTHER_OPEN, type=words, name=short(last.name), row=last.row)
            self._log.problem(row.sheet, ref, sentence)
        self._open.pop()

    def _add(self, field: FieldDraft) -> None:
        """Add a question to the section of the groups that are open."""
        if any(group.own is own.Holder.INFO for group in self._open):
            self.draft.info.append(field)
            return
        path = self._path_now()
        if path != self._path or not self.draft.sections:
            self.draft.sections.append(self._section())
            self._path = path
        # A group without a title is no section: its condition is that of each of its questions.
        bare = [one.relevant for one in self._open if not one.title and one.relevant]
        self.draft.sections[-1].fields.append(replace(field, rules=[*bare, *field.rules]))

    def _path_now(self) -> tuple[int, ...]:
        return tuple(group.row for group in self._titled())

    def _titled(self) -> list[_Group]:
        return [group for group in self._open if group.title and group.own is not own.Holder.TABLE]

    def _section(self) -> SectionDraft:
        groups = self._titled()
        if not groups:
            return SectionDraft("questions", self._title)
        titles = [group.title for group in groups if group.title]
        inner = groups[-1]
        rules = [one.relevant for one in groups if one.relevant]
        source = source_name(inner.name)
        return SectionDraft(inner.name, _path_text(titles), source=source, rules=rules)

    def _is_inside_table(self) -> bool:
        return any(group.own is own.Holder.TABLE for group in self._open)


def _path_text(titles: list[Text]) -> Text:
    """The titles of groups inside one another as one: `Panel › Doors`."""
    if len(titles) == 1:
        return titles[0]
    words: Mapping[str, list[str]] = {"en": [], "pt": []}
    for place, parts in words.items():
        if getattr(titles[-1], place):
            parts += [text for title in titles if (text := getattr(title, place))]
    joined = {place: " › ".join(parts)[:MAX_TEXT] for place, parts in words.items() if parts}
    return Text(**joined)
