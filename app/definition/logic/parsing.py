"""Reads the text of an expression into a tree. checking.py then gives its parts their types.

The grammar is in docs/logic.md. A name in braces is a field, by its id or by its label if only one
field has that label; a name in brackets is a section, likewise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from app.definition.logic.checking import Names, check_type, is_called
from app.definition.logic.errors import LogicError
from app.definition.logic.shape import Choice, FieldShape
from app.definition.logic.tree import (
    COMPARISONS,
    FUNCTIONS,
    MAX_DEPTH,
    MAX_NUMBER_DIGITS,
    Node,
    Op,
)
from app.definition.sentences import N_, say

MAX_TEXT = 4_000

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[0-9]+(?:\.[0-9]+)?)
    | (?P<text>"(?:[^"]|"")*")
    | \{(?P<field>[^{}]*)\}
    | \[(?P<section>[^\[\]]*)\]
    | (?P<word>[A-Za-z_]+)
    | (?P<sign><=|>=|!=|<>|[≤≥≠×÷−=<>+\-*/(),])
    )""",
    re.VERBOSE,
)
_SAME = {"≤": "<=", "≥": ">=", "≠": "!=", "<>": "!=", "×": "*", "÷": "/", "−": "-"}

TOO_LONG = N_("The expression is longer than %(limit)s characters.")
NOT_UNDERSTOOD = N_('"%(text)s" is not understood here.')
ENDS_EARLY = N_("The expression ends too early: %(what)s is expected.")
EXPECTED = N_('"%(text)s" is not expected here: %(what)s is.')
TOO_DEEP = N_("The expression is nested too deeply.")
TOO_MANY_DIGITS = N_("The number has more than %(limit)s digits.")
NO_FUNCTION = N_('There is no function "%(name)s".')
NO_FIELD = N_('There is no field "%(name)s" in this checklist.')
NO_SECTION = N_('There is no section "%(name)s" in this checklist.')
SEVERAL = N_('Several have the name "%(name)s". Use the id instead.')
NO_CELL = N_('The table "%(field)s" has no row "%(row)s" or no column "%(column)s".')


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse_condition(text: str, names: Names) -> Node:
    """The checked tree of a condition. Raises LogicError, whose `at` is the index in `text`."""
    return check_type(_Parser(text, names).parse(), names)


def parse_calculation(text: str, names: Names, owner: FieldShape) -> Node:
    """The checked tree of a calculated value of the field `owner`. Raises LogicError."""
    return check_type(_Parser(text, names).parse(), names, owner)


class _Parser:
    """Reads by recursive descent, one method for each level of the grammar."""

    def __init__(self, text: str, names: Names) -> None:
        if len(text) > MAX_TEXT:
            raise LogicError(say(TOO_LONG, limit=MAX_TEXT))
        self.names, self.end = names, len(text)
        self.tokens, self.next, self.depth = _tokens(text), 0, 0

    def parse(self) -> Node:
        node = self._any_of()
        if token := self._peek():
            raise LogicError(say(NOT_UNDERSTOOD, text=token.text), token.at)
        return node

    # --- the levels of the grammar, the loosest first ----------------------------------------

    def _any_of(self) -> Node:
        return self._joined(Op.OR, self._all_of)

    def _all_of(self) -> Node:
        return self._joined(Op.AND, self._negated)

    def _joined(self, op: Op, part: Callable[[], Node]) -> Node:
        found = [part()]
        while self._take_word(op.value):
            found.append(part())
        return found[0] if len(found) == 1 else Node(op=op, args=tuple(found))

    def _negated(self) -> Node:
        if not self._take_word(Op.NOT.value):
            return self._compared()
        return Node(op=Op.NOT, args=(self._nested(self._negated),))

    def _compared(self) -> Node:
        left = self._sum()
        sign = self._take_sign(*COMPARISONS)
        return Node(op=Op(sign), args=(left, self._sum())) if sign else left

    def _sum(self) -> Node:
        return self._chain(self._product, Op.PLUS, Op.MINUS)

    def _product(self) -> Node:
        return self._chain(self._signed, Op.TIMES, Op.BY)

    def _chain(self, part: Callable[[], Node], *ops: Op) -> Node:
        left = part()
        while sign := self._take_sign(*ops):
            left = Node(op=Op(sign), args=(left, part()))
            if left.depth > MAX_DEPTH:
                raise LogicError(say(TOO_DEEP), self._at())
        return left

    def _signed(self) -> Node:
        if not self._take_sign(Op.MINUS):
            return self._single()
        return Node(op=Op.NEGATIVE, args=(self._nested(self._signed),))

    def _single(self) -> Node:
        token = self._peek()
        if token is None:
            raise LogicError(say(ENDS_EARLY, what="…"), self.end)
        self.next += 1
        match token.kind:
            case "number":
                return self._number(token)
            case "text":
                return Node(op=Op.TEXT, value=token.text[1:-1].replace('""', '"'))
            case "field":
                return self._field(token)
            case "section":
                return Node(op=Op.SECTION, value=self._section(token))
            case "word":
                return self._call(token)
        if token.text != "(":
            raise LogicError(say(NOT_UNDERSTOOD, text=token.text), token.at)
        node = self._nested(self._any_of)
        self._require(")")
        return node

    # --- single parts ------------------------------------------------------------------------

    def _number(self, token: _Token) -> Node:
        if len(token.text) > MAX_NUMBER_DIGITS:
            raise LogicError(say(TOO_MANY_DIGITS, limit=MAX_NUMBER_DIGITS), token.at)
        return Node(op=Op.NUMBER, value=token.text)

    def _call(self, token: _Token) -> Node:
        name = token.text.casefold()
        if name not in FUNCTIONS:
            raise LogicError(say(NO_FUNCTION, name=token.text), token.at)
        self._require("(")
        args = [self._nested(self._any_of)]
        while self._take_sign(","):
            args.append(self._nested(self._any_of))
        self._require(")")
        return Node(op=Op(name), args=tuple(args))

    def _field(self, token: _Token) -> Node:
        name = token.text.strip()
        found = self.names.field_named(name)
        if len(found) == 1:
            return Node(op=Op.FIELD, value=found[0])
        if found:
            raise LogicError(say(SEVERAL, name=name), token.at)
        return self._cell(name, token)

    def _cell(self, name: str, token: _Token) -> Node:
        parts = [part.strip() for part in name.rsplit(":", 2)]
        found = self.names.field_named(parts[0]) if len(parts) == 3 else ()
        if len(found) != 1:
            raise LogicError(say(NO_FIELD, name=name), token.at)
        field = self.names.fields[found[0]]
        row, column = _named(parts[1], field.rows), _named(parts[2], field.columns)
        if row is None or column is None:
            sentence = say(NO_CELL, field=field.id, row=parts[1], column=parts[2])
            raise LogicError(sentence, token.at)
        return Node(op=Op.CELL, value=f"{field.id}:{row}:{column}")

    def _section(self, token: _Token) -> str:
        name = token.text.strip()
        found = self.names.section_named(name)
        if len(found) == 1:
            return found[0]
        raise LogicError(say(SEVERAL if found else NO_SECTION, name=name), token.at)

    # --- tokens ------------------------------------------------------------------------------

    def _nested(self, part: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise LogicError(say(TOO_DEEP), self._at())
        node = part()
        self.depth -= 1
        return node

    def _peek(self) -> _Token | None:
        return self.tokens[self.next] if self.next < len(self.tokens) else None

    def _at(self) -> int:
        token = self._peek()
        return token.at if token else self.end

    def _take_word(self, word: str) -> bool:
        token = self._peek()
        is_it = token is not None and token.kind == "word" and token.text.casefold() == word
        self.next += is_it
        return is_it

    def _take_sign(self, *signs: str) -> str | None:
        token = self._peek()
        if token is None or token.kind != "sign" or token.text not in signs:
            return None
        self.next += 1
        return token.text

    def _require(self, sign: str) -> None:
        if not self._take_sign(sign):
            self._refuse(f'"{sign}"')

    def _refuse(self, what: str) -> NoReturn:
        token = self._peek()
        if token is None:
            raise LogicError(say(ENDS_EARLY, what=what), self.end)
        raise LogicError(say(EXPECTED, text=token.text, what=what), token.at)


def _tokens(text: str) -> Sequence[_Token]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise LogicError(say(NOT_UNDERSTOOD, text=text[start : start + 20]), start)
        kind = str(match.lastgroup)
        word = match[kind]
        found.append(_Token(kind, _SAME.get(word, word), match.start(kind)))
        at = match.end()
    return found


def _named(name: str, options: Sequence[Choice]) -> str | None:
    """The id of the row or column with this id or label, or the star for all of them."""
    if name == "*":
        return name
    by_id = [one.id for one in options if one.id == name]
    found = by_id or [one.id for one in options if is_called(one.label, name)]
    return found[0] if len(found) == 1 else None
