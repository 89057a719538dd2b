"""Gives every part of a tree its type, and refuses what makes no sense.

`check_type` checks one expression, `find_problems` those of a whole definition, cycles included.
schema.py calls it, so it knows only the shape of a definition (shape.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.definition.logic.errors import LogicError
from app.definition.logic.shape import FieldShape, Label, SectionShape
from app.definition.logic.tree import (
    ARITHMETIC,
    COMPARISONS,
    LEAVES,
    MAX_DEPTH,
    MAX_NODES,
    ORDERINGS,
    Node,
    Op,
    Type,
)
from app.definition.sentences import N_, say

# What the words of a workbook may call a verdict, besides its ids.
_VERDICTS = {"not ok": "not_ok", "não ok": "not_ok", "nao ok": "not_ok", "n.a.": "na", "n/a": "na"}
VERDICT_IDS = ("ok", "not_ok", "na")
MAX_PLACES = 12

_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")

NO_FIELD = N_('There is no field "%(name)s" in this checklist.')
NO_SECTION = N_('There is no section "%(name)s" in this checklist.')
NO_CELL = N_('"%(name)s" is not a cell of a table of this checklist.')
NO_ANSWER = N_('The note "%(name)s" has no answer.')
NOT_A_CONDITION = N_("A condition is expected here, such as a comparison.")
NOT_A_NUMBER = N_("A number is expected here.")
NOT_COMPARABLE = N_("These two cannot be compared with each other.")
NO_ORDER = N_("Only numbers, dates and times are smaller or larger than each other.")
USE_SELECTED = N_('For a question with several choices use selected({%(name)s}, "…").')
NOT_A_CHOICE = N_('"%(text)s" is not one of the answers to "%(name)s".')
NOT_A_DATE = N_('"%(text)s" is not a date. Write it as year-month-day, for example "2026-03-31".')
NOT_A_TIME = N_('"%(text)s" is not a time of day. Write hours and minutes, for example "14:05".')
NO_TEXT = N_("A text without letters equals nothing. Use answered() or not answered().")
A_FIELD = N_("%(function)s() takes one field in braces.")
A_SECTION = N_("%(function)s() takes one section in brackets.")
SELECTED = N_('selected() takes a field with choices and one of them: selected({field}, "choice").')
COUNT = N_("%(function)s() takes a different number of values.")
PLACES = N_("round() takes a number and the decimal places, 0 to %(limit)s.")
DATES = N_("days() takes two dates.")
ALIKE = N_("The values that %(function)s() chooses from are of different kinds.")
OTHER_KIND = N_("The calculation does not give what this type of field holds.")
NEVER_CALCULATED = N_("A field of this type cannot be calculated.")
TOO_LARGE = N_("The expression has too many parts.")


@dataclass(frozen=True)
class Names:
    """What expressions of a checklist can refer to."""

    fields: Mapping[str, FieldShape]
    sections: Mapping[str, SectionShape]

    def field_named(self, name: str) -> Sequence[str]:
        """The ids of the fields with this id, or else with this label."""
        return (name,) if name in self.fields else self._field_labels.get(_plain(name), ())

    def section_named(self, name: str) -> Sequence[str]:
        return (name,) if name in self.sections else self._section_titles.get(_plain(name), ())

    @cached_property
    def _field_labels(self) -> Mapping[str, Sequence[str]]:
        return _by_label((id, field.label) for id, field in self.fields.items())

    @cached_property
    def _section_titles(self) -> Mapping[str, Sequence[str]]:
        return _by_label((id, section.title) for id, section in self.sections.items())


@dataclass(frozen=True, slots=True)
class _Found:
    """The type of a part; `field` is the field with the choices, if it is a choice. A constant
    text has no type of its own: it takes the type of what it is compared with."""

    type: Type
    field: FieldShape | None = None
    is_constant: bool = False


def check_type(node: Node, names: Names, calculated: FieldShape | None = None) -> Node:
    """The tree with the choices named by their ids. It gives a condition, or what the field
    `calculated` holds. Raises LogicError."""
    if sum(1 for _one in node.nodes()) > MAX_NODES or node.depth > MAX_DEPTH + 5:
        raise LogicError(say(TOO_LARGE))
    return _Checker(names).whole(node, calculated)


class _Checker:
    def __init__(self, names: Names) -> None:
        self.names = names

    def whole(self, node: Node, calculated: FieldShape | None) -> Node:
        if calculated is None:
            return self._condition(node)
        wanted = calculated.type.takes.gives
        if wanted not in (Type.NUMBER, Type.TEXT, Type.DATE, Type.TIME, Type.CHOICE):
            raise LogicError(say(NEVER_CALCULATED))
        node, found = self._read(node)
        node = self._adapt(node, found, _Found(wanted, calculated))
        is_alike = found.type is wanted or (found.is_constant and wanted is not Type.NUMBER)
        if not is_alike or (wanted is Type.CHOICE and not self._fit(node, calculated)):
            raise LogicError(say(OTHER_KIND))
        return node

    def _fit(self, node: Node, calculated: FieldShape) -> bool:
        """Whether every choice that the calculation can give is one of the field's."""
        own = {one.id for one in calculated.options} or set(VERDICT_IDS)
        sources = [
            self.names.fields[str(one.value)] for one in _results(node) if one.op is Op.FIELD
        ]
        return all(({o.id for o in one.options} or set(VERDICT_IDS)) <= own for one in sources)

    # --- what each place expects --------------------------------------------------------------

    def _condition(self, node: Node) -> Node:
        node, found = self._read(node)
        if found.type is not Type.BOOLEAN:
            raise LogicError(say(NOT_A_CONDITION))
        return node

    def _number(self, node: Node) -> Node:
        node, found = self._read(node)
        if found.type is not Type.NUMBER:
            raise LogicError(say(NOT_A_NUMBER))
        return node

    # --- types --------------------------------------------------------------------------------

    def _read(self, node: Node) -> tuple[Node, _Found]:
        """The node with its choices named by ids, and its type."""
        if node.op in LEAVES:
            if node.args or node.value is None:
                raise LogicError(say(TOO_LARGE))
            return node, self._leaf(node)
        if node.value is not None:
            raise LogicError(say(TOO_LARGE))
        if node.op in COMPARISONS:
            return self._comparison(node)
        if node.op in (Op.AND, Op.OR, Op.NOT):
            self._count(node, 1, 1 if node.op is Op.NOT else MAX_NODES)
            return self._with(node, map(self._condition, node.args)), _Found(Type.BOOLEAN)
        if node.op in ARITHMETIC or node.op in (Op.NEGATIVE, Op.ABS, Op.SQRT):
            self._count(node, *((2, 2) if node.op in ARITHMETIC else (1, 1)))
            return self._with(node, map(self._number, node.args)), _Found(Type.NUMBER)
        return self._function(node)

    def _leaf(self, node: Node) -> _Found:
        value = str(node.value)
        if node.op is Op.NUMBER:
            if not re.fullmatch(r"[0-9]{1,28}(\.[0-9]{1,28})?", value):
                raise LogicError(say(NOT_A_NUMBER))
            return _Found(Type.NUMBER)
        if node.op is Op.TEXT:
            if not value:
                raise LogicError(say(NO_TEXT))
            return _Found(Type.TEXT, is_constant=True)
        if node.op is Op.SECTION:
            if value not in self.names.sections:
                raise LogicError(say(NO_SECTION, name=value))
            return _Found(Type.NOTHING)
        return self._cell(node) if node.op is Op.CELL else self._field(value)

    def _field(self, id: str) -> _Found:
        field = self.names.fields.get(id)
        if field is None:
            raise LogicError(say(NO_FIELD, name=id))
        if not field.is_question:
            raise LogicError(say(NO_ANSWER, name=id))
        return _Found(field.type.takes.gives, field)

    def _cell(self, node: Node) -> _Found:
        value = str(node.value)
        if value.count(":") != 2:
            raise LogicError(say(NO_CELL, name=value))
        id, row, column = node.parts
        field = self.names.fields.get(id)
        rows = {one.id for one in field.rows} if field else set()
        columns = {one.id for one in field.columns} if field else set()
        if row not in rows | {"*"} or column not in columns | {"*"} or not rows:
            raise LogicError(say(NO_CELL, name=value))
        return _Found(Type.CELLS if "*" in (row, column) else Type.NUMBER)

    def _comparison(self, node: Node) -> tuple[Node, _Found]:
        self._count(node, 2, 2)
        (left, one), (right, other) = map(self._read, node.args)
        left, right = self._adapt(left, one, other), self._adapt(right, other, one)
        kind = other.type if one.is_constant else one.type
        for found in (one, other):
            if found.type is Type.CHOICES and found.field:
                raise LogicError(say(USE_SELECTED, name=found.field.id))
        fits = one.is_constant or other.is_constant or one.type is other.type
        if not fits or kind in (Type.CELLS, Type.NOTHING, Type.BOOLEAN):
            raise LogicError(say(NOT_COMPARABLE))
        if node.op in ORDERINGS and kind not in (Type.NUMBER, Type.DATE, Type.TIME):
            raise LogicError(say(NO_ORDER))
        return self._with(node, (left, right)), _Found(Type.BOOLEAN)

    def _adapt(self, node: Node, found: _Found, other: _Found) -> Node:
        """A constant text in the form of what stands beside it: the id of a choice, a date."""
        if not found.is_constant:
            return node
        if node.op in (Op.IF, Op.DEFAULT):
            first = 1 if node.op is Op.IF else 0
            args = [self._adapt(arg, self._read(arg)[1], other) for arg in node.args[first:]]
            return self._with(node, (*node.args[:first], *args))
        text = str(node.value)
        if other.type is Type.CHOICE and other.field:
            return Node(op=Op.TEXT, value=self._choice(text, other.field))
        if other.type is Type.DATE and not _DATE.fullmatch(text):
            raise LogicError(say(NOT_A_DATE, text=text))
        if other.type is Type.TIME and not _TIME.fullmatch(text):
            raise LogicError(say(NOT_A_TIME, text=text))
        if other.type is Type.NUMBER:
            raise LogicError(say(NOT_COMPARABLE))
        return node

    def _choice(self, text: str, field: FieldShape) -> str:
        if not field.options:
            word = _VERDICTS.get(_plain(text), _plain(text))
            found = [word] if word in VERDICT_IDS else []
        else:
            found = [one.id for one in field.options if one.id == text]
            found = found or [one.id for one in field.options if is_called(one.label, text)]
        if len(found) != 1:
            raise LogicError(say(NOT_A_CHOICE, text=text, name=field.id))
        return found[0]

    # --- functions ----------------------------------------------------------------------------

    def _function(self, node: Node) -> tuple[Node, _Found]:
        match node.op:
            case Op.ANSWERED | Op.IS_NA | Op.NOT_OK:
                self._one(node, Op.FIELD, A_FIELD)
                self._field(str(node.args[0].value))
                return node, _Found(Type.BOOLEAN)
            case Op.ANY_NOT_OK | Op.ALL_ANSWERED | Op.COUNT_NOT_OK:
                self._one(node, Op.SECTION, A_SECTION)
                self._leaf(node.args[0])
                is_count = node.op is Op.COUNT_NOT_OK
                return node, _Found(Type.NUMBER if is_count else Type.BOOLEAN)
            case Op.SELECTED:
                return self._selected(node), _Found(Type.BOOLEAN)
            case Op.IF:
                self._count(node, 3, 3)
                return self._choosing(node, (self._condition(node.args[0]),), node.args[1:])
            case Op.DEFAULT:
                self._count(node, 2, 2)
                return self._choosing(node, (), node.args)
            case Op.ROUND:
                return self._round(node), _Found(Type.NUMBER)
            case Op.DAYS:
                return self._days(node), _Found(Type.NUMBER)
        self._count(node, 1, MAX_NODES)
        return self._with(node, map(self._listed, node.args)), _Found(Type.NUMBER)

    def _listed(self, node: Node) -> Node:
        node, found = self._read(node)
        if found.type not in (Type.NUMBER, Type.CELLS):
            raise LogicError(say(NOT_A_NUMBER))
        return node

    def _selected(self, node: Node) -> Node:
        if len(node.args) != 2 or node.args[0].op is not Op.FIELD or node.args[1].op is not Op.TEXT:
            raise LogicError(say(SELECTED))
        found = self._field(str(node.args[0].value))
        if found.type not in (Type.CHOICE, Type.CHOICES) or found.field is None:
            raise LogicError(say(SELECTED))
        choice = self._choice(str(node.args[1].value), found.field)
        return self._with(node, (node.args[0], Node(op=Op.TEXT, value=choice)))

    def _choosing(
        self, node: Node, first: tuple[Node, ...], args: Sequence[Node]
    ) -> tuple[Node, _Found]:
        (left, one), (right, other) = map(self._read, args)
        left, right = self._adapt(left, one, other), self._adapt(right, other, one)
        found = other if one.is_constant else one
        is_alike = one.is_constant or other.is_constant or one.type is other.type
        if not is_alike or found.type in (Type.CELLS, Type.CHOICES, Type.NOTHING, Type.BOOLEAN):
            raise LogicError(say(ALIKE, function=node.op.value))
        return self._with(node, (*first, left, right)), found

    def _round(self, node: Node) -> Node:
        places = node.args[1].value if len(node.args) == 2 else None
        is_places = places is not None and node.args[1].op is Op.NUMBER and places.isdigit()
        if not is_places or int(str(places)) > MAX_PLACES:
            raise LogicError(say(PLACES, limit=MAX_PLACES))
        return self._with(node, (self._number(node.args[0]), node.args[1]))

    def _days(self, node: Node) -> Node:
        if len(node.args) != 2:
            raise LogicError(say(DATES))
        args = []
        for arg in node.args:
            arg, found = self._read(arg)
            if not found.is_constant and found.type is not Type.DATE:
                raise LogicError(say(DATES))
            args.append(self._adapt(arg, found, _Found(Type.DATE)))
        return self._with(node, args)

    def _one(self, node: Node, op: Op, words: str) -> None:
        if len(node.args) != 1 or node.args[0].op is not op:
            raise LogicError(say(words, function=node.op.value))

    def _count(self, node: Node, least: int, most: int) -> None:
        if not least <= len(node.args) <= most:
            raise LogicError(say(COUNT, function=node.op.value))

    @staticmethod
    def _with(node: Node, args: Iterator[Node] | Sequence[Node]) -> Node:
        return Node(op=node.op, args=tuple(args))


def is_called(label: Label, name: str) -> bool:
    """Whether the label is this name in one of its languages."""
    return _plain(name) in _words(label)


def _results(node: Node) -> Iterator[Node]:
    """The parts of which one becomes the value of the whole."""
    if node.op in (Op.IF, Op.DEFAULT):
        for arg in node.args[1 if node.op is Op.IF else 0 :]:
            yield from _results(arg)
    else:
        yield node


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _words(text: Label) -> set[str]:
    return {_plain(one) for one in (text.en, text.pt) if one}


def _by_label(labelled: Iterator[tuple[str, Label]]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for id, label in labelled:
        for words in _words(label):
            found.setdefault(words, []).append(id)
    return found
