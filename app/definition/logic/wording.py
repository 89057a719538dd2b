"""Writes a tree as the text that the parser reads, and as a sentence for people.

`text_of` names fields by their ids and is for workbooks and the editor; `words_of` names them by
their labels, in the language of whoever reads: previews, comparisons and the PDF use it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.definition.logic.checking import VERDICT_IDS
from app.definition.logic.tree import ARITHMETIC, COMPARISONS, FUNCTIONS, Node, Op, Type
from app.definition.measured import written
from app.definition.schema import Definition, Field, Language, Option, Text
from app.definition.sentences import N_, Sentence, say

# How tightly each operator binds; what binds less stands in parentheses inside it.
_BINDS: Mapping[Op, int] = {
    Op.OR: 1,
    Op.AND: 2,
    Op.NOT: 3,
    **dict.fromkeys(COMPARISONS, 4),
    Op.PLUS: 5,
    Op.MINUS: 5,
    Op.TIMES: 6,
    Op.BY: 6,
    Op.NEGATIVE: 7,
}
_CLOSED = 8


def text_of(node: Node) -> str:
    """The expression as text; the parser makes the same tree of it."""
    match node.op:
        case Op.FIELD | Op.CELL:
            return f"{{{node.value}}}"
        case Op.SECTION:
            return f"[{node.value}]"
        case Op.NUMBER:
            return str(node.value)
        case Op.TEXT:
            return '"' + str(node.value).replace('"', '""') + '"'
        case Op.NOT:
            return f"not {_inside(node.args[0], 3)}"
        case Op.NEGATIVE:
            return f"-{_inside(node.args[0], 7)}"
        case Op.AND | Op.OR:
            binds = _BINDS[node.op] + 1
            return f" {node.op.value} ".join(_inside(arg, binds) for arg in node.args)
    if node.op in FUNCTIONS:
        return f"{node.op.value}({', '.join(map(text_of, node.args))})"
    left, right = node.args
    binds = _BINDS[node.op]
    # Comparisons do not chain; the right side of a difference or a quotient is one part.
    first = binds + 1 if node.op in COMPARISONS else binds
    return f"{_inside(left, first)} {node.op.value} {_inside(right, binds + 1)}"


def _inside(node: Node, binds: int) -> str:
    text = text_of(node)
    return text if _BINDS.get(node.op, _CLOSED) >= binds else f"({text})"


IS = N_("%(one)s is %(other)s")
IS_NOT = N_("%(one)s is not %(other)s")
BOTH = N_("%(one)s and %(other)s")
EITHER = N_("%(one)s or %(other)s")
NOT = N_("not: %(one)s")
ANSWERED = N_("%(one)s is answered")
IS_NA = N_("%(one)s is N.A.")
NOT_OK = N_("%(one)s is Not OK")
SELECTED = N_("%(one)s includes %(other)s")
ANY_NOT_OK = N_("any answer in %(one)s is Not OK")
COUNT_NOT_OK = N_("number of answers Not OK in %(one)s")
ALL_ANSWERED = N_("every question in %(one)s is answered")
IF = N_("%(one)s if %(condition)s, else %(other)s")
DEFAULT = N_("%(one)s, or %(other)s if it is empty")
ROUND = N_("%(one)s, rounded (decimal places: %(places)s)")
ABS = N_("absolute value of %(one)s")
SQRT = N_("square root of %(one)s")
DAYS = N_("days from %(one)s to %(other)s")
LISTS: Mapping[Op, str] = {
    Op.SUM: N_("sum of %(one)s"),
    Op.MEAN: N_("mean of %(one)s"),
    Op.MIN: N_("smallest of %(one)s"),
    Op.MAX: N_("largest of %(one)s"),
    Op.COUNT: N_("number of values in %(one)s"),
}
_ONE: Mapping[Op, str] = {
    Op.NOT: NOT,
    Op.ANSWERED: ANSWERED,
    Op.IS_NA: IS_NA,
    Op.NOT_OK: NOT_OK,
    Op.ANY_NOT_OK: ANY_NOT_OK,
    Op.COUNT_NOT_OK: COUNT_NOT_OK,
    Op.ALL_ANSWERED: ALL_ANSWERED,
    Op.ABS: ABS,
    Op.SQRT: SQRT,
}
_TWO: Mapping[Op, str] = {
    Op.SELECTED: SELECTED,
    Op.DEFAULT: DEFAULT,
    Op.DAYS: DAYS,
}
_SIGNS: Mapping[Op, str] = {
    Op.EQUAL: "=",
    Op.UNEQUAL: "≠",
    Op.AT_MOST: "≤",
    Op.AT_LEAST: "≥",
    Op.TIMES: "×",
    Op.BY: "÷",
    Op.MINUS: "−",
}
ALL_CELLS = N_("all")


@dataclass(frozen=True, slots=True)
class LogicReader:
    """Who reads which checklist: its languages in their order, the language of numbers, `tell`,
    which translates a sentence, and `verdict`, which gives the words of a verdict."""

    definition: Definition
    languages: tuple[Language, ...]
    language: Language
    tell: Callable[[Sentence], str]
    verdict: Callable[[str], str]


def words_of(node: Node, reader: LogicReader) -> str:
    """The expression as a sentence, without a full stop: “Transformer present” is Yes."""
    return _Words(reader).of(node)


class _Words:
    def __init__(self, reader: LogicReader) -> None:
        self.reader = reader
        self.fields = {field.id: field for field in reader.definition.all_fields()}
        self.sections = {section.id: section for section in reader.definition.sections}

    def of(self, node: Node, beside: Field | None = None) -> str:
        """`beside` is the field that a constant is compared with."""
        match node.op:
            case Op.FIELD:
                return self._quoted(self.fields[str(node.value)].label)
            case Op.CELL:
                return self._cell(node)
            case Op.SECTION:
                return self._quoted(self.sections[str(node.value)].title)
            case Op.NUMBER:
                return written(str(node.value), self.reader.language)
            case Op.TEXT:
                return self._constant(str(node.value), beside)
            case Op.AND | Op.OR:
                return self._joined(node)
            case Op.NEGATIVE:
                return f"−{self._inside(node.args[0], 7)}"
            case Op.IF:
                return self._if(node)
            case Op.ROUND:
                places = str(node.args[1].value)
                return self._tell(ROUND, one=self.of(node.args[0]), places=places)
        if node.op in LISTS:
            return self._tell(LISTS[node.op], one="; ".join(map(self.of, node.args)))
        if node.op in _ONE:
            return self._tell(_ONE[node.op], one=self.of(node.args[0]))
        left, right = node.args
        one, other = self._sides(left, right)
        if node.op in _TWO:
            return self._tell(_TWO[node.op], one=one, other=other)
        if node.op in (Op.EQUAL, Op.UNEQUAL) and not self._is_number(left):
            return self._tell(IS if node.op is Op.EQUAL else IS_NOT, one=one, other=other)
        binds = _BINDS[node.op]
        if node.op in ARITHMETIC:
            one, other = self._inside(left, binds), self._inside(right, binds + 1)
        return f"{one} {_SIGNS.get(node.op, node.op.value)} {other}"

    def _sides(self, left: Node, right: Node) -> tuple[str, str]:
        return self.of(left, self._field(right)), self.of(right, self._field(left))

    def _field(self, node: Node) -> Field | None:
        if node.op is Op.FIELD:
            return self.fields[str(node.value)]
        return next((found for arg in node.args if (found := self._field(arg))), None)

    def _is_number(self, node: Node) -> bool:
        field = self._field(node)
        return node.op is not Op.TEXT and (field is None or field.type.takes.gives is Type.NUMBER)

    def _inside(self, node: Node, binds: int) -> str:
        words = self.of(node)
        is_open = _BINDS.get(node.op, _CLOSED) < binds or node.op in (Op.IF, Op.DEFAULT, Op.ROUND)
        return f"({words})" if is_open else words

    def _joined(self, node: Node) -> str:
        words = BOTH if node.op is Op.AND else EITHER
        parts = [
            f"({self.of(arg)})" if arg.op in (Op.AND, Op.OR, Op.NOT) else self.of(arg)
            for arg in node.args
        ]
        joined = parts[0]
        for part in parts[1:]:
            joined = self._tell(words, one=joined, other=part)
        return joined

    def _if(self, node: Node) -> str:
        condition, yes, no = node.args
        beside = self._field(yes) or self._field(no)
        return self._tell(
            IF, condition=self.of(condition), one=self.of(yes, beside), other=self.of(no, beside)
        )

    def _cell(self, node: Node) -> str:
        id, row, column = node.parts
        field = self.fields[id]
        parts = [self._label(row, field.rows), self._label(column, field.columns)]
        return f"{self._quoted(field.label)} ({', '.join(parts)})"

    def _label(self, id: str, options: tuple[Option, ...]) -> str:
        found = next((one for one in options if one.id == id), None)
        return found.label.first(self.reader.languages) if found else self._tell(ALL_CELLS)

    def _constant(self, text: str, beside: Field | None) -> str:
        if beside and (option := beside.option(text)):
            return option.label.first(self.reader.languages)
        is_verdict = beside is not None and beside.type.takes.gives is Type.CHOICE
        if is_verdict and text in VERDICT_IDS:
            return self.reader.verdict(text)
        return self._quote(text)

    def _quoted(self, text: Text) -> str:
        return self._quote(text.first(self.reader.languages))

    @staticmethod
    def _quote(text: str) -> str:
        return f"“{text}”"

    def _tell(self, msgid: str, **params: str) -> str:
        return self.reader.tell(say(msgid, **params))
