"""The expressions of an XLSForm as conditions and calculations of a checklist (docs/logic.md).

Their names are found only once the whole form is known, so they are kept with their cells until
then. What cannot be said in a checklist is listed as left out, with its cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from app.definition.fields import KINDS
from app.definition.logic.checking import VERDICT_IDS, Names, check_type
from app.definition.logic.dependencies import find_problems, names_of
from app.definition.logic.errors import LogicError, Setting
from app.definition.logic.parsing import parse_calculation, parse_condition
from app.definition.logic.tree import Node, Op, Type
from app.definition.schema import Definition, Field, FieldType, Section
from app.definition.xlsform import expression
from app.definition.xlsform.leftout import Construct, Listing

_OPS = {
    "=": Op.EQUAL,
    "!=": Op.UNEQUAL,
    "<": Op.BELOW,
    "<=": Op.AT_MOST,
    ">": Op.ABOVE,
    ">=": Op.AT_LEAST,
    "+": Op.PLUS,
    "-": Op.MINUS,
    "*": Op.TIMES,
    "/": Op.BY,
}
# Functions that mean the same, by their number of arguments; None for any number.
_FUNCTIONS: Mapping[str, tuple[Op, int | None]] = {
    "if": (Op.IF, 3),
    "coalesce": (Op.DEFAULT, 2),
    "round": (Op.ROUND, 2),
    "abs": (Op.ABS, 1),
    "sqrt": (Op.SQRT, 1),
    "min": (Op.MIN, None),
    "max": (Op.MAX, None),
}
# Functions that say what their argument is, which a checklist knows from the question's type.
_CASTS = frozenset({"number", "string", "date", "boolean"})
# What a question without a calculated type can become, the likelier one first.
_CALCULATED = tuple(
    next(kind for kind in FieldType if kind.takes.gives is given)
    for given in (Type.NUMBER, Type.TEXT, Type.DATE)
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One expression with its cell. `is_ours`: in the language of docs/logic.md."""

    setting: Setting
    text: str
    construct: Construct
    sheet: str
    cell: str
    name: str
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """The ids that names of the form have become: fields, and choices by field."""

    fields: dict[str, str]
    choices: dict[str, dict[str, str]]


class _Unsaid(ValueError):
    """A checklist cannot say it."""


def with_rules(
    definition: Definition,
    of_fields: Mapping[str, Sequence[Rule]],
    of_sections: Mapping[str, Sequence[Rule]],
    named: Named,
    listing: Listing,
) -> Definition:
    """The definition with the rules by the id of their field or section.

    A field with a rule of the construct CALCULATED is nothing but its calculation: it gets the type
    that this gives, and is left out if it cannot be said. Raises ValidationError.
    """
    if not any(of_fields.values()) and not any(of_sections.values()):
        return definition
    joined = _Joined(definition, named, listing)
    joined.calculate(
        {id: one for id, rules in of_fields.items() for one in rules if _is_whole(one)}
    )
    for id, rules in of_fields.items():
        if id in joined.names.fields:
            joined.take(id, [one for one in rules if not _is_whole(one)], is_section=False)
    for id, rules in of_sections.items():
        joined.take(id, rules, is_section=True)
    return joined.definition()


def _is_whole(rule: Rule) -> bool:
    return rule.construct is Construct.CALCULATED


class _Joined:
    """The definition while the trees are found; a key has True for a section."""

    def __init__(self, definition: Definition, named: Named, listing: Listing) -> None:
        self._definition = definition
        self._named = named
        self._listing = listing
        self._nodes: dict[tuple[str, bool], dict[str, Node]] = {}
        self._rules: dict[tuple[str, bool, str], list[Rule]] = {}
        self.names = names_of(definition)

    def calculate(self, waiting: dict[str, Rule]) -> None:
        """Find the types of fields that are nothing but a calculation, each after those it needs;
        the others leave the form."""
        fields: dict[str, Any] = dict(self.names.fields)
        while waiting:
            self.names = Names({id: one for id, one in fields.items() if id not in waiting}, {})
            found = {id: made for id, one in waiting.items() if (made := self._typed(id, one))}
            if not found:
                break
            fields |= found
            waiting = {id: one for id, one in waiting.items() if id not in found}
        for rule in waiting.values():
            self._list(rule)
        self._definition = _with_fields(self._definition, fields, waiting)
        self.names = names_of(self._definition)

    def _typed(self, id: str, rule: Rule) -> Field | None:
        field = self._definition.field(id)
        assert field is not None
        for kind in _CALCULATED:
            typed = field.model_copy(update={"type": kind, "required": False})
            if node := self._node(typed, rule):
                self._put(id, False, rule, node)
                return typed
        return None

    def take(self, id: str, rules: Iterable[Rule], *, is_section: bool) -> None:
        field = None if is_section else self._definition.field(id)
        for rule in rules:
            node = self._node(field, rule)
            if node is None or (field and not self._may_have(field, rule.setting)):
                self._list(rule)
            else:
                self._put(id, is_section, rule, node)

    def _may_have(self, field: Field, setting: Setting) -> bool:
        """Notes are only shown or hidden; what is calculated is not demanded."""
        if not field.is_question:
            return setting is Setting.SHOWN_WHEN
        nodes = self._nodes.get((field.id, False), {})
        is_calculated = Setting.CALCULATION.value in nodes
        return not (setting is Setting.REQUIRED_WHEN and is_calculated)

    def _put(self, id: str, is_section: bool, rule: Rule, node: Node) -> None:
        nodes = self._nodes.setdefault((id, is_section), {})
        earlier = nodes.get(rule.setting.value)
        nodes[rule.setting.value] = Node(op=Op.AND, args=(earlier, node)) if earlier else node
        self._rules.setdefault((id, is_section, rule.setting.value), []).append(rule)
        if rule.setting is Setting.FAILS_WHEN and not rule.is_ours:
            self._list(replace(rule, construct=Construct.RULE))

    def _node(self, field: Field | None, rule: Rule) -> Node | None:
        """The checked tree of a rule; None if a checklist cannot say it."""
        is_calculation = rule.setting is Setting.CALCULATION
        try:
            if rule.is_ours:
                if is_calculation and field:
                    return parse_calculation(rule.text, self.names, field)
                return parse_condition(rule.text, self.names)
            translate = _Translation(self._named, self.names, field.id if field else None)
            node = translate.of(expression.parse(rule.text))
            if rule.setting is Setting.FAILS_WHEN:
                node = Node(op=Op.NOT, args=(node,))
            return check_type(node, self.names, field if is_calculation else None)
        except (expression.NotUnderstood, LogicError, _Unsaid):
            return None

    def _list(self, rule: Rule) -> None:
        self._listing.add(rule.construct, rule.sheet, rule.cell, rule.name, rule.text)

    def definition(self) -> Definition:
        """With all trees but those that depend on themselves, which are listed."""
        whole = self._whole()
        while faults := list(find_problems(whole)):
            for one in faults:
                key = one.id, one.is_section
                self._nodes[key].pop(one.setting.value, None)
                for rule in self._rules.pop((*key, one.setting.value), ()):
                    self._list(rule)
            whole = self._whole()
        return Definition.model_validate(whole.model_dump(mode="json", exclude_defaults=True))

    def _whole(self) -> Definition:
        sections = tuple(self._section(one) for one in self._definition.sections)
        info = tuple(self._field(one) for one in self._definition.info_fields)
        return self._definition.model_copy(update={"info_fields": info, "sections": sections})

    def _section(self, section: Section) -> Section:
        nodes = self._nodes.get((section.id, True), {})
        return section.model_copy(
            update={"fields": tuple(self._field(one) for one in section.fields), **nodes}
        )

    def _field(self, field: Field) -> Field:
        return field.model_copy(update=self._nodes.get((field.id, False), {}))


def _with_fields(
    definition: Definition, fields: Mapping[str, Field], without: Iterable[str]
) -> Definition:
    """The definition with other fields of the same ids, and without some; a section that has lost
    all of its fields goes with them."""

    def kept(every: Iterable[Field]) -> Iterator[Field]:
        return (fields[one.id] for one in every if one.id not in without)

    sections = []
    for section in definition.sections:
        rest = tuple(kept(section.fields))
        if rest or not section.fields:
            sections.append(section.model_copy(update={"fields": rest}))
    info = tuple(kept(definition.info_fields))
    return definition.model_copy(update={"info_fields": info, "sections": tuple(sections)})


class _Translation:
    """Trees of expression.py as those of a checklist. `own` is the field that "." stands for."""

    def __init__(self, named: Named, names: Names, own: str | None) -> None:
        self._named, self._names, self._own = named, names, own

    def of(self, node: expression.Node) -> Node:
        match node:
            case expression.Constant(value=bool()):
                raise _Unsaid
            case expression.Constant(value=Decimal() as number):
                leaf = Node(op=Op.NUMBER, value=format(abs(number), "f"))
                return leaf if number >= 0 else Node(op=Op.NEGATIVE, args=(leaf,))
            case expression.Constant(value=text):
                return Node(op=Op.TEXT, value=str(text))
            case expression.Answer():
                return Node(op=Op.FIELD, value=self._id(node))
            case expression.Not():
                return Node(op=Op.NOT, args=(self.of(node.inner),))
            case expression.Both():
                op = Op.OR if node.is_any else Op.AND
                return Node(op=op, args=tuple(map(self.of, node.parts)))
            case expression.Compare():
                return self._compare(node)
            case expression.Arithmetic():
                if node.sign not in _OPS:
                    raise _Unsaid
                return Node(op=_OPS[node.sign], args=(self.of(node.left), self.of(node.right)))
            case expression.Selected():
                return self._selected(node)
        return self._call(node)

    def _id(self, answer: expression.Answer) -> str:
        id = self._own if answer.name is None else self._named.fields.get(answer.name)
        if id is None or id not in self._names.fields:
            raise _Unsaid
        return id

    def _compare(self, node: expression.Compare) -> Node:
        left, right = node.left, node.right
        if isinstance(left, expression.Constant):
            left, right = right, left
        is_same = node.sign in ("=", "!=")
        if right == expression.Constant("") and isinstance(left, expression.Answer) and is_same:
            answered = Node(op=Op.ANSWERED, args=(Node(op=Op.FIELD, value=self._id(left)),))
            return answered if node.sign == "!=" else Node(op=Op.NOT, args=(answered,))
        if isinstance(left, expression.Answer) and isinstance(right, expression.Constant):
            sign = node.sign if left is node.left else expression.MIRRORED[node.sign]
            field = Node(op=Op.FIELD, value=self._id(left))
            return Node(op=_OPS[sign], args=(field, self._constant(left, right)))
        return Node(op=_OPS[node.sign], args=(self.of(node.left), self.of(node.right)))

    def _constant(self, answer: expression.Answer, constant: expression.Constant) -> Node:
        """A constant that is compared with an answer, as what the answer is."""
        field_id, value = self._id(answer), constant.value
        text = format(value, "f") if isinstance(value, Decimal) else str(value)
        gives = self._names.fields[field_id].type.takes.gives
        if gives in (Type.CHOICE, Type.CHOICES):
            return Node(op=Op.TEXT, value=self._choice(field_id, text))
        if gives is Type.NUMBER and isinstance(value, str):
            try:
                return self.of(expression.Constant(Decimal(value)))
            except ArithmeticError as error:
                raise _Unsaid from error
        if gives is Type.TEXT:
            return Node(op=Op.TEXT, value=text)
        return self.of(constant)

    def _choice(self, field_id: str, name: str) -> str:
        """The id of a choice."""
        known: Mapping[str, str] = self._named.choices.get(field_id, {})
        if KINDS[self._names.fields[field_id].type].is_verdict_type:
            known = {one.upper(): one for one in VERDICT_IDS}
            name = name.upper()
        if name not in known:
            raise _Unsaid
        return known[name]

    def _selected(self, node: expression.Selected) -> Node:
        id = self._id(node.answer)
        choice = Node(op=Op.TEXT, value=self._choice(id, node.choice))
        return Node(op=Op.SELECTED, args=(Node(op=Op.FIELD, value=id), choice))

    def _call(self, node: expression.Node) -> Node:
        assert isinstance(node, expression.Call)
        arguments = node.arguments
        if node.function in _CASTS and len(arguments) == 1:
            return self.of(arguments[0])
        if node.function not in _FUNCTIONS:
            raise _Unsaid
        op, count = _FUNCTIONS[node.function]
        # Of one argument, these are about all answers to a question of a repeat.
        if (len(arguments) < 2) if count is None else (len(arguments) != count):
            raise _Unsaid
        return Node(op=op, args=tuple(map(self.of, arguments)))
