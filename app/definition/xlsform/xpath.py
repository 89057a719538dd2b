"""Conditions and calculations of a checklist as the expressions that other programs compute.

Only what means the same there is written; our own columns have every expression (own.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.definition.fields import KINDS
from app.definition.logic.tree import ARITHMETIC, COMPARISONS, Node, Op
from app.definition.schema import Field

_SIGNS: Mapping[Op, str] = {Op.BY: "div"}
_CALLS: Mapping[Op, str] = {
    Op.IF: "if",
    Op.DEFAULT: "coalesce",
    Op.ROUND: "round",
    Op.ABS: "abs",
    Op.SQRT: "sqrt",
    Op.MIN: "min",
    Op.MAX: "max",
}


class Unsaid(ValueError):
    """Other programs cannot compute it."""


@dataclass(slots=True)
class WrittenNames:
    """The names that the export gives to questions and choices, by their ids."""

    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[tuple[str, str], str] = field(default_factory=dict)


def to_xpath(node: Node | None, fields: Mapping[str, Field], names: WrittenNames) -> str:
    """The expression; empty if there is none, or if other programs cannot compute it."""
    try:
        return _Written(fields, names).of(node) if node else ""
    except Unsaid:
        return ""


class _Written:
    def __init__(self, fields: Mapping[str, Field], names: WrittenNames) -> None:
        self._fields, self._names = fields, names

    def of(self, node: Node) -> str:
        if node.op is Op.NUMBER:
            return str(node.value)
        if node.op is Op.TEXT:
            return _quoted(str(node.value))
        if node.op is Op.FIELD:
            return self._answer(node)
        if node.op in (Op.AND, Op.OR):
            return f" {node.op.value} ".join(f"({self.of(one)})" for one in node.args)
        if node.op is Op.NOT:
            return f"not({self.of(node.args[0])})"
        if node.op is Op.NEGATIVE:
            return f"-({self.of(node.args[0])})"
        if node.op is Op.ANSWERED:
            return f"{self._answer(node.args[0])} != ''"
        if node.op is Op.SELECTED:
            answer, choice = node.args
            return f"selected({self._answer(answer)}, {self._choice(answer, choice)})"
        if node.op in COMPARISONS or node.op in ARITHMETIC:
            left, right = self._sides(*node.args)
            return f"({left}) {_SIGNS.get(node.op, node.op.value)} ({right})"
        if node.op in _CALLS:
            return f"{_CALLS[node.op]}({', '.join(map(self.of, node.args))})"
        raise Unsaid

    def _answer(self, node: Node) -> str:
        name = self._names.fields.get(str(node.value))
        if node.op is not Op.FIELD or name is None:
            raise Unsaid
        return f"${{{name}}}"

    def _sides(self, left: Node, right: Node) -> tuple[str, str]:
        return self._side(left, right), self._side(right, left)

    def _side(self, node: Node, beside: Node) -> str:
        """A side of a comparison; a choice has the name that the export gives it."""
        is_choice = beside.op is Op.FIELD and (
            self._fields[str(beside.value)].options
            or KINDS[self._fields[str(beside.value)].type].is_verdict_type
        )
        return self._choice(beside, node) if node.op is Op.TEXT and is_choice else self.of(node)

    def _choice(self, answer: Node, choice: Node) -> str:
        field_id, id = str(answer.value), str(choice.value)
        if KINDS[self._fields[field_id].type].is_verdict_type:
            return _quoted(id)
        if (field_id, id) not in self._names.choices:
            raise Unsaid
        return _quoted(self._names.choices[field_id, id])


def _quoted(text: str) -> str:
    """A text has no way to contain the quotation mark around it."""
    mark = next((one for one in "'\"" if one not in text), None)
    # Line ends and "${" would be read as something else.
    if mark is None or "${" in text or not text.isprintable():
        raise Unsaid
    return f"{mark}{text}{mark}"
