"""Computes expressions from answers: what is shown, required, Not OK, and calculated.

This is the truth. app/assets/src/logic/evaluating.js computes the same on the phone, and
tests/definition/logic/vectors.json holds both to the same results. docs/logic.md says what empty
means. A value is a bool, a Decimal, a str, a tuple of ids, or None for empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from app.definition.answers import AnswerValue
from app.definition.fields import kind_of
from app.definition.fields.kind import ONLY, Reading
from app.definition.judging import NOTHING, AnswerFacts
from app.definition.logic.tree import ARITHMETIC, COMPARISONS, Node, Op, Type
from app.definition.measured import Measured, plain
from app.definition.schema import Definition, Field, Verdict

Value = bool | Decimal | str | tuple[str, ...] | None

# Every operation rounds to this; decimal.js is set to the same.
ARITHMETIC_CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN)
# Rounding to places must not depend on the number of digits.
_WIDE = Context(prec=400, rounding=ROUND_HALF_EVEN)
# A calculation without round() has at most so many decimal places.
PLACES = 6
LARGEST = Decimal("1e30")


class Logic:
    """The expressions of a definition with the answers to its fields.

    Each result is computed when first asked for. A field that is not in the definition is empty.
    With `is_calculated` the answers have the calculated values already, and these count.
    """

    def __init__(
        self,
        definition: Definition,
        answers: Mapping[str, AnswerFacts],
        *,
        is_calculated: bool = False,
    ) -> None:
        self._fields = {field.id: field for field in definition.all_fields()}
        self._sections = {section.id: section for section in definition.sections}
        self._section_of = {
            field.id: section.id for section in definition.sections for field in section.fields
        }
        self._answers, self._is_calculated = answers, is_calculated
        self._shown: dict[str, bool] = {}
        self._shown_sections: dict[str, bool] = {}
        self._calculated: dict[str, AnswerValue] = {}
        self._not_ok: dict[str, bool] = {}

    # --- what the form asks -------------------------------------------------------------------

    def is_shown(self, field_id: str) -> bool:
        if field_id not in self._shown:
            field, section = self._fields[field_id], self._section_of.get(field_id)
            around = section is None or self.is_section_shown(section)
            self._shown[field_id] = around and self._holds(field.shown_when, True)
        return self._shown[field_id]

    def is_section_shown(self, section_id: str) -> bool:
        if section_id not in self._shown_sections:
            condition = self._sections[section_id].shown_when
            self._shown_sections[section_id] = self._holds(condition, True)
        return self._shown_sections[section_id]

    def is_required(self, field_id: str) -> bool:
        """Whether an answer must be given. A calculated one depends on the others alone."""
        field = self._fields[field_id]
        return field.calculation is None and self._holds(field.required_when, field.required)

    def fails(self, field_id: str) -> bool:
        """Whether the answer is Not OK by its rule; an empty or N.A. answer never is."""
        field = self._fields[field_id]
        if field.fails_when is None or not self.is_shown(field_id):
            return False
        facts = self.facts(field_id)
        kind = kind_of(field)
        if kind.is_na(field, facts) or not kind.has_value(field, facts):
            return False
        return self._holds(field.fails_when, False)

    def facts(self, field_id: str) -> AnswerFacts:
        """The answer to a field, with the calculated value if it has one; empty while hidden."""
        field = self._fields.get(field_id)
        if field is None or not self.is_shown(field_id):
            return NOTHING
        facts = self._answers.get(field_id, NOTHING)
        if field.calculation is None or self._is_calculated:
            return facts
        return AnswerFacts(self.calculated(field_id), facts.comment)

    def calculated(self, field_id: str) -> AnswerValue:
        """The calculated value as an answer, None if it is empty or the field hidden."""
        if field_id not in self._calculated:
            field = self._fields[field_id]
            found = None
            if field.calculation is not None and self.is_shown(field_id):
                with localcontext(ARITHMETIC_CONTEXT):
                    found = as_answer(self.value(field.calculation), field.calculation)
            self._calculated[field_id] = found
        return self._calculated[field_id]

    def is_not_ok(self, field_id: str) -> bool:
        """Whether the answer is Not OK: by itself, by its limits, or by its rule."""
        field = self._fields.get(field_id)
        if field is None or not self.is_shown(field_id):
            return False
        if field_id not in self._not_ok:
            verdict = kind_of(field).verdict(field, self.facts(field_id))
            self._not_ok[field_id] = verdict is Verdict.NOT_OK or self.fails(field_id)
        return self._not_ok[field_id]

    # --- expressions --------------------------------------------------------------------------

    def _holds(self, node: Node | None, otherwise: bool) -> bool:
        if node is None:
            return otherwise
        with localcontext(ARITHMETIC_CONTEXT):
            return self.value(node) is True

    def value(self, node: Node) -> Value:
        """The value of an expression, in the decimal context that the caller has set."""
        if node.op in COMPARISONS:
            return self._compare(node)
        if node.op in ARITHMETIC:
            left, right = map(self._decimal, node.args)
            return None if left is None or right is None else _ARITHMETIC[node.op](left, right)
        return _EVALUATE[node.op](self, node)

    def _decimal(self, node: Node) -> Decimal | None:
        found = self.value(node)
        return found if isinstance(found, Decimal) else None

    def _compare(self, node: Node) -> bool:
        one, other = map(self.value, node.args)
        if one is None or other is None:
            return node.op is Op.UNEQUAL
        order = _order(one, other) or self._edge(node.args[0]) - self._edge(node.args[1])
        return _HOLDS[node.op](order)

    def _edge(self, node: Node) -> int:
        """1 for a reading just above its number (">200"), -1 just below, 0 for all else."""
        if node.op not in (Op.FIELD, Op.CELL):
            return 0
        found = [reading for _key, reading in self._readings(node)]
        if len(found) != 1:
            return 0
        read = Measured(found[0]["text"], found[0]["decimal"])
        return int(read.is_above) - int(read.is_below)

    def _readings(self, node: Node) -> Iterator[tuple[str, Reading]]:
        """The readings of a number, a table, or those of a table that a cell names."""
        id, row, column = node.parts if node.op is Op.CELL else (str(node.value), "*", "*")
        field = self._fields.get(id)
        if field is None:
            return
        for key, reading in kind_of(field).readings(field, self.facts(id).value):
            at = key.split(":") if key != ONLY else ["*", "*"]
            if row in ("*", at[0]) and column in ("*", at[1]):
                yield key, reading

    def _leaf_field(self, node: Node) -> Value:
        field = self._fields.get(str(node.value))
        if field is None:
            return None
        if field.type.takes.gives is Type.NUMBER:
            return self._cell(node)
        found = self.facts(field.id).value
        if isinstance(found, list):
            return tuple(found)
        return found if isinstance(found, str) and found else None

    def _cell(self, node: Node) -> Value:
        found = [Decimal(reading["decimal"]) for _key, reading in self._readings(node)]
        return found[0] if len(found) == 1 else None

    def _listed(self, node: Node) -> list[Decimal]:
        """The numbers that the arguments of sum() and the like give, without the empty ones."""
        found: list[Decimal] = []
        for arg in node.args:
            if arg.op in (Op.FIELD, Op.CELL):
                found += [Decimal(reading["decimal"]) for _key, reading in self._readings(arg)]
            elif (number := self._decimal(arg)) is not None:
                found.append(number)
        return found

    def _asked(self, node: Node) -> Field | None:
        field = self._fields.get(str(node.args[0].value))
        return field if field and self.is_shown(field.id) else None

    def _questions(self, node: Node) -> list[Field]:
        """The shown questions of the section that a function names."""
        section = self._sections.get(str(node.args[0].value))
        fields = section.fields if section else ()
        return [field for field in fields if field.is_question and self.is_shown(field.id)]

    def _answered(self, node: Node) -> bool:
        field = self._asked(node)
        if field is None:
            return False
        facts = self.facts(field.id)
        return kind_of(field).has_value(field, facts) and not kind_of(field).is_na(field, facts)

    def _is_na(self, node: Node) -> bool:
        field = self._asked(node)
        return field is not None and kind_of(field).is_na(field, self.facts(field.id))

    def _all_answered(self, node: Node) -> bool:
        asked = [field for field in self._questions(node) if field.calculation is None]
        return all(kind_of(field).is_answered(field, self.facts(field.id)) for field in asked)

    def _count_not_ok(self, node: Node) -> Decimal:
        return Decimal(sum(self.is_not_ok(field.id) for field in self._questions(node)))

    def _selected(self, node: Node) -> bool:
        found, choice = self.value(node.args[0]), node.args[1].value
        return choice in (found if isinstance(found, tuple) else (found,))

    def _if(self, node: Node) -> Value:
        return self.value(node.args[1 if self.value(node.args[0]) is True else 2])

    def _default(self, node: Node) -> Value:
        found = self.value(node.args[0])
        return self.value(node.args[1]) if found is None else found

    def _round(self, node: Node) -> Value:
        found = self._decimal(node.args[0])
        return None if found is None else rounded(found, int(str(node.args[1].value)))

    def _root(self, node: Node) -> Value:
        found = self._decimal(node.args[0])
        return None if found is None or found < 0 else found.sqrt()

    def _mean(self, node: Node) -> Value:
        found = self._listed(node)
        return _total(found) / len(found) if found else None

    def _sum(self, node: Node) -> Value:
        found = self._listed(node)
        return _total(found) if found else None

    def _days(self, node: Node) -> Value:
        first, last = map(self.value, node.args)
        if not isinstance(first, str) or not isinstance(last, str):
            return None
        return Decimal((date.fromisoformat(last) - date.fromisoformat(first)).days)

    def _unary(self, node: Node, change: Callable[[Decimal], Decimal]) -> Value:
        found = self._decimal(node.args[0])
        return None if found is None else change(found)


def with_calculated(
    definition: Definition, answers: Mapping[str, AnswerFacts]
) -> Mapping[str, AnswerFacts]:
    """The answers with the values that follow from them. A comment on such a value is kept."""
    calculated = [field for field in definition.all_fields() if field.calculation is not None]
    if not calculated:
        return answers
    logic = Logic(definition, answers)
    values = {
        field.id: AnswerFacts(
            logic.calculated(field.id), answers.get(field.id, NOTHING).comment or None
        )
        for field in calculated
    }
    return {**answers, **values}


def rounded(number: Decimal, places: int) -> Decimal:
    """Rounded half-even to decimal places, whatever the number of its digits."""
    return number.quantize(Decimal(1).scaleb(-places), context=_WIDE)


def as_answer(value: Value, calculation: Node) -> AnswerValue:
    """A calculated value in the form of a stored answer (app/definition/answers.py)."""
    if isinstance(value, Decimal):
        number = value if calculation.op is Op.ROUND else rounded(value, PLACES)
        if abs(number) >= LARGEST:
            return None
        return {"text": plain(number), "decimal": plain(number)}
    return value if isinstance(value, str) else None


def _order(one: Value, other: Value) -> int:
    """Negative, 0 or positive. Days and times of day are compared as text."""
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return (one > other) - (one < other)
    return (str(one) > str(other)) - (str(one) < str(other))


def _total(numbers: list[Decimal]) -> Decimal:
    total = numbers[0]
    for number in numbers[1:]:
        total += number
    return total


_ARITHMETIC: Mapping[Op, Callable[[Decimal, Decimal], Decimal | None]] = {
    Op.PLUS: lambda one, other: one + other,
    Op.MINUS: lambda one, other: one - other,
    Op.TIMES: lambda one, other: one * other,
    Op.BY: lambda one, other: one / other if other else None,
}

_HOLDS: Mapping[Op, Callable[[int], bool]] = {
    Op.EQUAL: lambda order: order == 0,
    Op.UNEQUAL: lambda order: order != 0,
    Op.BELOW: lambda order: order < 0,
    Op.AT_MOST: lambda order: order <= 0,
    Op.ABOVE: lambda order: order > 0,
    Op.AT_LEAST: lambda order: order >= 0,
}

_EVALUATE: Mapping[Op, Callable[[Logic, Node], Value]] = {
    Op.AND: lambda at, node: all(at.value(arg) is True for arg in node.args),
    Op.OR: lambda at, node: any(at.value(arg) is True for arg in node.args),
    Op.NOT: lambda at, node: at.value(node.args[0]) is not True,
    Op.NEGATIVE: lambda at, node: at._unary(node, Decimal.copy_negate),
    Op.ABS: lambda at, node: at._unary(node, Decimal.copy_abs),
    Op.SQRT: Logic._root,
    Op.NUMBER: lambda at, node: Decimal(str(node.value)),
    Op.TEXT: lambda at, node: str(node.value) or None,
    Op.FIELD: Logic._leaf_field,
    Op.CELL: Logic._cell,
    Op.ANSWERED: Logic._answered,
    Op.IS_NA: Logic._is_na,
    Op.NOT_OK: lambda at, node: at.is_not_ok(str(node.args[0].value)),
    Op.SELECTED: Logic._selected,
    Op.ANY_NOT_OK: lambda at, node: at._count_not_ok(node) > 0,
    Op.COUNT_NOT_OK: Logic._count_not_ok,
    Op.ALL_ANSWERED: Logic._all_answered,
    Op.IF: Logic._if,
    Op.DEFAULT: Logic._default,
    Op.ROUND: Logic._round,
    Op.SUM: Logic._sum,
    Op.MEAN: Logic._mean,
    Op.MIN: lambda at, node: min(at._listed(node), default=None),
    Op.MAX: lambda at, node: max(at._listed(node), default=None),
    Op.COUNT: lambda at, node: Decimal(len(at._listed(node))),
    Op.DAYS: Logic._days,
}
