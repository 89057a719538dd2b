"""Translates the expressions of XLSForms (XPath-like) into a neutral tree.

The only module that knows their syntax: `${a} = 'yes' and not(selected(${b}, 'x'))`. The tree knows
no field ids, only the names of the form. What the syntax allows and the tree does not (paths into
the form's XML, predicates) raises NotUnderstood; functions without a meaning here become a Call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MAX_LENGTH = 4_000
MAX_DEPTH = 60

_SMART_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})
_TOKEN = re.compile(
    r"\s*(?:(?P<name>\$\{\s*(?:last-saved#)?[^\s{}]+\s*\})"
    r"|(?P<number>\d+(?:\.\d*)?|\.\d+)"
    r"|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<word>[A-Za-z_][\w-]*(?::[A-Za-z_][\w-]*)?)"
    r"|(?P<sign>\.\.|!=|<=|>=|[=<>()+\-*,./|\[\]@]))"
)
_COMPARISONS = frozenset(("=", "!=", "<", "<=", ">", ">="))
_ARITHMETIC = {"+": "+", "-": "-", "*": "*", "div": "/", "mod": "%"}
MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class NotUnderstood(ValueError):
    """The expression cannot be translated; `position` counts its characters from 0."""

    def __init__(self, position: int) -> None:
        super().__init__(f"not understood at character {position + 1}")
        self.position = position


@dataclass(frozen=True, slots=True)
class Constant:
    """A text, a number or a truth value that the expression itself contains."""

    value: str | Decimal | bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the question with this name; with the name None, of the question itself."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Not:
    inner: Node


@dataclass(frozen=True, slots=True)
class Both:
    """All parts are true (`and`), or with `is_any` at least one (`or`)."""

    parts: tuple[Node, ...]
    is_any: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    """`sign` is one of = != < <= > >=."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`sign` is one of + - * / %."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Selected:
    """Whether a choice, given by its name, is among the answers to a select question."""

    answer: Answer
    choice: str


@dataclass(frozen=True, slots=True)
class Call:
    """Another function with its arguments."""

    function: str
    arguments: tuple[Node, ...]


Node = Constant | Answer | Not | Both | Compare | Arithmetic | Selected | Call


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def parse(text: str) -> Node:
    """The tree of an expression. Raises NotUnderstood."""
    if len(text) > MAX_LENGTH:
        raise NotUnderstood(MAX_LENGTH)
    parser = _Parser(tuple(_tokens(text.translate(_SMART_QUOTES))))
    node = parser.either(0)
    parser.expect("end")
    return node


def names_in(node: Node) -> Iterator[str]:
    """The names of the questions that a tree refers to, in order, possibly repeated."""
    if isinstance(node, Answer):
        if node.name is not None:
            yield node.name
        return
    for child in _children(node):
        yield from names_in(child)


def to_plain(node: Node) -> Any:
    """The tree as plain JSON, numbers as strings: ["compare", "=", ["answer", "a"], ...]."""
    if isinstance(node, Constant):
        if isinstance(node.value, Decimal):
            return ["number", format(node.value, "f")]
        return ["truth" if isinstance(node.value, bool) else "text", node.value]
    if isinstance(node, Answer):
        return ["answer", node.name]
    inner = [to_plain(child) for child in _children(node)]
    if isinstance(node, Both):
        return ["or" if node.is_any else "and", *inner]
    if isinstance(node, Compare | Arithmetic):
        name = "compare" if isinstance(node, Compare) else "arithmetic"
        return [name, node.sign, *inner]
    if isinstance(node, Selected):
        return ["selected", node.answer.name, node.choice]
    return ["call", node.function, *inner] if isinstance(node, Call) else ["not", *inner]


def bounds_of(node: Node, *, is_whole: bool) -> tuple[Decimal | None, Decimal | None] | None:
    """The inclusive minimum and maximum that a constraint sets for its own answer.

    None if it says anything else. Bounds that exclude themselves can be told only for whole
    numbers: `. > 3` is a minimum of 4.
    """
    parts = node.parts if isinstance(node, Both) and not node.is_any else (node,)
    low: Decimal | None = None
    high: Decimal | None = None
    for part in parts:
        bound = _bound(part, is_whole)
        if bound is None:
            return None
        is_low, value = bound
        if is_low:
            low = value if low is None else max(low, value)
        else:
            high = value if high is None else min(high, value)
    return None if low is not None and high is not None and low > high else (low, high)


def _bound(node: Node, is_whole: bool) -> tuple[bool, Decimal] | None:
    if not isinstance(node, Compare):
        return None
    sign, left, right = node.sign, node.left, node.right
    if isinstance(left, Constant):
        sign, left, right = MIRRORED[sign], right, left
    if left != Answer(None) or not isinstance(right, Constant):
        return None
    value = right.value
    if not isinstance(value, Decimal) or sign in ("=", "!="):
        return None
    if sign in ("<", ">"):
        if not is_whole:
            return None
        floor = value.to_integral_value("ROUND_FLOOR")
        if sign == ">":
            return True, floor + 1
        return False, floor if floor != value else floor - 1
    return sign == ">=", value


def _children(node: Node) -> Sequence[Node]:
    if isinstance(node, Not):
        return (node.inner,)
    if isinstance(node, Both):
        return node.parts
    if isinstance(node, Compare | Arithmetic):
        return (node.left, node.right)
    if isinstance(node, Selected):
        return (node.answer,)
    return node.arguments if isinstance(node, Call) else ()


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise NotUnderstood(position + len(text[position:]) - len(text[position:].lstrip()))
        kind = str(match.lastgroup)
        yield _Token(kind, match[kind], match.start(kind))
        position = match.end()
    yield _Token("end", "", end)


class _Parser:
    """Recursive descent, the weakest operator first. Each step takes the depth reached so far."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def either(self, depth: int) -> Node:
        return self._joined("or", self._all, depth, is_any=True)

    def expect(self, *texts: str) -> _Token:
        """The next token, which must be one of these signs or words, or the end."""
        token = self._peek()
        if token.text not in texts and not (token.kind == "end" and "end" in texts):
            raise NotUnderstood(token.position)
        self._next += 1
        return token

    def _all(self, depth: int) -> Node:
        return self._joined("and", self._equal, depth, is_any=False)

    def _joined(self, word: str, part: Any, depth: int, *, is_any: bool) -> Node:
        if depth > MAX_DEPTH:
            raise NotUnderstood(self._peek().position)
        parts = [part(depth)]
        while self._is_word(word):
            self._next += 1
            parts.append(part(depth))
        return Both(tuple(parts), is_any) if len(parts) > 1 else parts[0]

    def _equal(self, depth: int) -> Node:
        node = self._sum(depth)
        while self._is_sign(_COMPARISONS):
            node = Compare(self._take().text, node, self._sum(depth))
        return node

    def _sum(self, depth: int) -> Node:
        node = self._product(depth)
        while self._is_sign(("+", "-")):
            node = Arithmetic(self._take().text, node, self._product(depth))
        return node

    def _product(self, depth: int) -> Node:
        node = self._unary(depth)
        while self._is_sign(("*",)) or self._is_word("div") or self._is_word("mod"):
            node = Arithmetic(_ARITHMETIC[self._take().text], node, self._unary(depth))
        return node

    def _unary(self, depth: int) -> Node:
        signs = 0
        while self._is_sign(("-",)):
            self._next += 1
            signs += 1
        node = self._value(depth)
        if signs % 2 == 0:
            return node
        if isinstance(node, Constant) and isinstance(node.value, Decimal):
            return Constant(-node.value)
        return Arithmetic("-", Constant(Decimal(0)), node)

    def _value(self, depth: int) -> Node:
        token = self._take()
        if token.kind == "text":
            return Constant(token.text[1:-1])
        if token.kind == "number":
            return Constant(Decimal(token.text))
        if token.kind == "name":
            name = token.text[2:-1].strip()
            if name.startswith("last-saved#") or self._is_sign(("/", "[")):
                raise NotUnderstood(token.position)
            return Answer(name)
        if token.text == "(":
            node = self.either(depth + 1)
            self.expect(")")
            return node
        if token.text == "." and not self._is_sign(("/",)):
            return Answer(None)
        if token.kind == "word" and self._is_sign(("(",)):
            return self._call(token, depth)
        raise NotUnderstood(token.position)

    def _call(self, token: _Token, depth: int) -> Node:
        self.expect("(")
        arguments: list[Node] = []
        if not self._is_sign((")",)):
            arguments.append(self.either(depth + 1))
            while self._is_sign((",",)):
                self._next += 1
                arguments.append(self.either(depth + 1))
        self.expect(")")
        if self._is_sign(("/", "[")):
            raise NotUnderstood(self._peek().position)
        return _meaning(token.text, tuple(arguments))

    def _peek(self) -> _Token:
        return self._tokens[min(self._next, len(self._tokens) - 1)]

    def _take(self) -> _Token:
        token = self._peek()
        self._next += 1
        return token

    def _is_sign(self, signs: Sequence[str] | frozenset[str]) -> bool:
        token = self._peek()
        return token.kind == "sign" and token.text in signs

    def _is_word(self, word: str) -> bool:
        token = self._peek()
        return token.kind == "word" and token.text == word


def _meaning(function: str, arguments: tuple[Node, ...]) -> Node:
    """A call as what it means, if the tree has a word for it."""
    if function in ("true", "false") and not arguments:
        return Constant(function == "true")
    if function == "not" and len(arguments) == 1:
        return Not(arguments[0])
    if function == "selected" and len(arguments) == 2:
        answer, choice = arguments
        if isinstance(answer, Answer) and isinstance(choice, Constant):
            if isinstance(choice.value, str):
                return Selected(answer, choice.value)
            if isinstance(choice.value, Decimal):
                return Selected(answer, format(choice.value, "f"))
    return Call(function, arguments)
