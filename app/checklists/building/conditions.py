"""Conditions as rows to choose from ("Transformer present" is "Yes"), or as text (docs/logic.md).

A condition that rows cannot say is shown as text. Both are read by the same parser, so names and
answers may be given by their words or by their ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.definition.answers import clean_text
from app.definition.fields import KINDS
from app.definition.logic.checking import VERDICT_IDS, Names
from app.definition.logic.errors import LogicError, Setting
from app.definition.logic.parsing import parse_calculation, parse_condition
from app.definition.logic.tree import Node, Op, Type
from app.definition.logic.wording import text_of
from app.definition.schema import Definition, Field, FieldType, Language
from app.definition.sentences import N_, Sentence, say
from app.words import VERDICTS

MAX_TEXT = 4_000
MAX_ROWS = 50
_EXCERPT = 30
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)

UNKNOWN_QUESTION = N_('No question is called "%(text)s". Choose one from the list.')
SEVERAL_QUESTIONS = N_(
    'Several questions are called "%(text)s". Write the id of the one you mean, such as %(one)s.'
)
NO_VALUE = N_('Say what "%(text)s" is compared with.')
NO_NUMBER = N_('"%(text)s" is compared with a number. Write it like 0.5 or -10.')
MANY_ROWS = N_("A condition has at most %(limit)s rows.")

# What a row can say, and the operator that says it.
COMPARISONS: Mapping[str, Op] = {
    "is": Op.EQUAL,
    "is_not": Op.UNEQUAL,
    "includes": Op.SELECTED,
    "at_least": Op.AT_LEAST,
    "at_most": Op.AT_MOST,
    "above": Op.ABOVE,
    "below": Op.BELOW,
    "answered": Op.ANSWERED,
    "not_answered": Op.NOT,
    "na": Op.IS_NA,
    "not_ok": Op.NOT_OK,
}
WITHOUT_VALUE = frozenset({"answered", "not_answered", "na", "not_ok"})
_WORD_OF = {op: word for word, op in COMPARISONS.items()}


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """`of` and `to` are shown to people: the words of a question and of an answer."""

    of: str
    comparison: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows must hold, or with `is_any` at least one."""

    rows: tuple[ConditionRow, ...] = ()
    is_any: bool = False


class Refused(ValueError):
    """The condition cannot be used as it was entered; `place` is its text from the fault on."""

    def __init__(self, sentence: Sentence, place: str = "") -> None:
        super().__init__(str(sentence))
        self.sentence, self.place = sentence, place


def rows_of(node: Node | None, whole: Definition, order: tuple[Language, ...]) -> Rows | None:
    """The condition as rows in the reader's words; None if rows cannot say it."""
    if node is None:
        return Rows()
    parts = node.args if node.op in (Op.AND, Op.OR) else (node,)
    words = _Words(whole, order)
    rows = [words.row(one) for one in parts]
    found = tuple(one for one in rows if one)
    return Rows(found, node.op is Op.OR) if len(found) == len(rows) else None


def questions_of(whole: Definition, order: tuple[Language, ...]) -> Sequence[tuple[str, str]]:
    """What a row can be about: what to write, and how the question is called."""
    words = _Words(whole, order)
    return [(words.question(one), one.label.first(order)) for one in words.asked]


def answers_of(whole: Definition, order: tuple[Language, ...]) -> Sequence[str]:
    """The answers that questions of the checklist offer, each once."""
    asked = list(whole.all_fields())
    verdicts = VERDICT_IDS if any(KINDS[one.type].is_verdict_type for one in asked) else ()
    offered = [option.label.first(order) for one in asked for option in one.options]
    return list(dict.fromkeys([*map(VERDICTS.word, verdicts), *offered]))


class _Words:
    def __init__(self, whole: Definition, order: tuple[Language, ...]) -> None:
        self._order = order
        self.asked = [one for one in whole.all_fields() if one.is_question]
        self._fields = {one.id: one for one in self.asked}
        self._names = Names({one.id: one for one in whole.all_fields()}, {})

    def question(self, field: Field) -> str:
        """The words of a question if no other has them, else its id."""
        label = field.label.first(self._order)
        return label if tuple(self._names.field_named(label)) == (field.id,) else field.id

    def row(self, node: Node) -> ConditionRow | None:
        comparison = _WORD_OF.get(node.op)
        if node.op is Op.NOT:
            node = node.args[0]
            if node.op is not Op.ANSWERED:
                return None
        if comparison is None or node.args[0].op is not Op.FIELD:
            return None
        field = self._fields.get(str(node.args[0].value))
        if field is None:
            return None
        if comparison in WITHOUT_VALUE:
            return ConditionRow(self.question(field), comparison)
        to = self._value(field, node.args[1])
        return None if to is None else ConditionRow(self.question(field), comparison, to)

    def _value(self, field: Field, node: Node) -> str | None:
        if node.op is Op.NEGATIVE and node.args[0].op is Op.NUMBER:
            return f"-{node.args[0].value}"
        if node.op is Op.NUMBER:
            return str(node.value)
        if node.op is not Op.TEXT:
            return None
        if KINDS[field.type].is_verdict_type:
            return VERDICTS.word_or_code(str(node.value))
        option = next((one for one in field.options if one.id == node.value), None)
        return option.label.first(self._order) if option else str(node.value)


def read_expression(
    setting: Setting, inputs: Mapping[str, Sequence[str]], names: Names, owner: Field | None
) -> dict[str, Any] | None:
    """The stored tree of what a form says about a setting, None for nothing.

    Inputs: `<setting>.mode` is "text" with `<setting>.text`, else rows with `.of`, `.is` and `.to`
    of equal count, and `.join`. Raises Refused and InvalidAnswer.
    """
    name = setting.value
    is_text = "text" in inputs.get(f"{name}.mode", ())
    text = _typed(name, inputs) if is_text else " ".join(_composed(name, inputs, names))
    if not text:
        return None
    try:
        if setting is Setting.CALCULATION and owner is not None:
            node = parse_calculation(text, names, owner)
        else:
            node = parse_condition(text, names)
    except LogicError as error:
        place = text[error.at :][:_EXCERPT] if is_text and error.at is not None else ""
        raise Refused(error.sentence, place) from error
    return node.model_dump(mode="json", exclude_defaults=True)


def _typed(name: str, inputs: Mapping[str, Sequence[str]]) -> str:
    return clean_text(next(iter(inputs.get(f"{name}.text", ())), ""), MAX_TEXT)


def _composed(name: str, inputs: Mapping[str, Sequence[str]], names: Names) -> Iterator[str]:
    """The rows as text; those without a question are left out."""
    columns = [inputs.get(f"{name}.{part}", ()) for part in ("of", "is", "to")]
    if len(columns[0]) > MAX_ROWS:
        raise Refused(say(MANY_ROWS, limit=MAX_ROWS))
    word = "or" if "any" in inputs.get(f"{name}.join", ()) else "and"
    is_first = True
    for cells in zip(*columns, strict=False):
        of, comparison, to = (clean_text(cell, MAX_TEXT) for cell in cells)
        if of:
            yield from () if is_first else (word,)
            yield _row_text(of, comparison, to, names)
            is_first = False


def _row_text(of: str, comparison: str, to: str, names: Names) -> str:
    field_id = _question_named(of, names)
    answer = f"{{{field_id}}}"
    op = COMPARISONS.get(comparison, Op.EQUAL)
    if comparison == "not_answered":
        return f"not answered({answer})"
    if comparison in WITHOUT_VALUE:
        return f"{op.value}({answer})"
    value = _value_text(of, to, names.fields[field_id].type)
    return f"selected({answer}, {value})" if op is Op.SELECTED else f"{answer} {op.value} {value}"


def _question_named(text: str, names: Names) -> str:
    found = names.field_named(text)
    if not found:
        raise Refused(say(UNKNOWN_QUESTION, text=text[:60]))
    if len(found) > 1:
        raise Refused(say(SEVERAL_QUESTIONS, text=text[:60], one=found[0]))
    return found[0]


def _value_text(of: str, to: str, kind: FieldType) -> str:
    if not to:
        raise Refused(say(NO_VALUE, text=of[:60]))
    if kind.takes.gives is Type.NUMBER:
        number = to.replace("\N{MINUS SIGN}", "-").replace(",", ".", 1).replace(" ", "")
        if not _NUMBER.fullmatch(number):
            raise Refused(say(NO_NUMBER, text=of[:60]))
        return number
    if KINDS[kind].is_verdict_type:
        words = {VERDICTS.word(one).casefold(): one for one in VERDICT_IDS}
        to = words.get(to.casefold(), to)
    return '"' + to.replace('"', '""') + '"'


def stored_text(value: Mapping[str, Any] | None) -> str:
    """A stored tree as text, empty for none."""
    return text_of(Node.model_validate(value)) if value else ""
