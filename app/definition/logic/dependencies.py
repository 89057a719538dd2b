"""The faults in the expressions of a whole definition: wrong names and types, and cycles.

A field may be shown by the answer to another, which is calculated from a third: each step needs
the one before. What is needed is an aspect of a field or a section (`Need`).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from app.definition.logic.checking import Names, check_type
from app.definition.logic.errors import LogicError, LogicProblem, Setting
from app.definition.logic.shape import DefinitionShape, FieldShape, SectionShape
from app.definition.logic.tree import Node, Op
from app.definition.sentences import N_, Sentence, say

# Evaluation nests calls as deep as the steps and their trees; Python allows 1,000 of them.
CALLS_OF_A_STEP, CALLS_OF_A_LEVEL = 7, 3
MAX_NESTING = 600
MAX_PATH = 150

CYCLE = N_("It depends on itself: %(path)s.")
TOO_MANY_STEPS = N_("It depends on too many steps, one after the other.")


class Aspect(StrEnum):
    SHOWN = "shown"
    VALUE = "value"
    BAD = "bad"
    SECTION = "section"


class Need(NamedTuple):
    """`id` is a section's for SECTION (whether it is shown), else a field's."""

    aspect: Aspect
    id: str


def names_of(definition: DefinitionShape) -> Names:
    """What expressions in this definition can refer to."""
    return Names(
        {field.id: field for field in definition.all_fields()},
        {section.id: section for section in definition.sections},
    )


def expressions_of(field: FieldShape) -> Iterator[tuple[Setting, Node]]:
    for setting in Setting:
        node = getattr(field, setting.value)
        if node is not None:
            yield setting, node


def find_problems(definition: DefinitionShape) -> Iterator[LogicProblem]:
    """The faults, in the order of the form; cycles only if there is no other fault."""
    if not definition.has_logic:
        return
    names, found = names_of(definition), False
    for section in definition.sections:
        for problem in _faults_of_section(section, names):
            found = True
            yield problem
    for field in definition.all_fields():
        for problem in _faults_of_field(field, names):
            found = True
            yield problem
    if not found:
        yield from _Graph(definition).problems()


def _faults_of_section(section: SectionShape, names: Names) -> Iterator[LogicProblem]:
    if section.shown_when is not None:
        fault = _fault(section.shown_when, names)
        if fault:
            yield LogicProblem(section.id, Setting.SHOWN_WHEN, fault, is_section=True)


def _faults_of_field(field: FieldShape, names: Names) -> Iterator[LogicProblem]:
    for setting, node in expressions_of(field):
        fault = _fault(node, names, field if setting is Setting.CALCULATION else None)
        if fault:
            yield LogicProblem(field.id, setting, fault)


def _fault(node: Node, names: Names, calculated: FieldShape | None = None) -> Sentence | None:
    """What is wrong with a stored tree; its choices must be ids already."""
    try:
        if check_type(node, names, calculated) == node:
            return None
    except LogicError as error:
        return error.sentence
    return say(N_("It names a choice by its label instead of its id."))


class _Graph:
    """What every aspect needs, and the ways through it."""

    def __init__(self, definition: DefinitionShape) -> None:
        self.definition = definition
        self.names = names_of(definition)
        self.section_of = {
            field.id: section.id for section in definition.sections for field in section.fields
        }
        self._nesting: dict[Need, int] = {}

    def problems(self) -> Iterator[LogicProblem]:
        """The first problem: a cycle is found again at each of its steps."""
        yield from islice(self._problems(), 1)

    def _problems(self) -> Iterator[LogicProblem]:
        for section in self.definition.sections:
            if section.shown_when is not None:
                yield from self._problems_of(Need(Aspect.SECTION, section.id))
        for field in self.definition.all_fields():
            for aspect in (Aspect.SHOWN, Aspect.VALUE, Aspect.BAD):
                yield from self._problems_of(Need(aspect, field.id))

    def _problems_of(self, need: Need) -> Iterator[LogicProblem]:
        try:
            self._measure(need, [])
        except _FoundCycle as found:
            # The form itself leads through some of the steps; an expression makes the cycle.
            at = next(one for one in found.path if self._needs(one)[0] is not None)
            is_section = at.aspect is Aspect.SECTION
            setting = self._setting_of(at)
            way = [one.id for one in found.path if self._needs(one)[0] is not None]
            names = " → ".join([*way, at.id])
            yield LogicProblem(at.id, setting, say(CYCLE, path=names), is_section)
        except _TooDeep:
            yield LogicProblem(need.id, self._setting_of(need), say(TOO_MANY_STEPS))

    def _setting_of(self, need: Need) -> Setting:
        if need.aspect is Aspect.BAD:
            return Setting.FAILS_WHEN
        field = self.names.fields.get(need.id)
        is_value = need.aspect is Aspect.VALUE and field is not None and field.calculation
        return Setting.CALCULATION if is_value else Setting.SHOWN_WHEN

    def _measure(self, need: Need, path: list[Need]) -> int:
        """The calls that the evaluation nests for this. Raises _FoundCycle, _TooDeep."""
        if need in self._nesting:
            return self._nesting[need]
        if need in path:
            raise _FoundCycle(path[path.index(need) :])
        if len(path) > MAX_PATH:
            raise _TooDeep
        node, others = self._needs(need)
        path.append(need)
        below = max((self._measure(one, path) for one in others), default=0)
        path.pop()
        own = CALLS_OF_A_STEP + CALLS_OF_A_LEVEL * (node.depth if node else 0)
        self._nesting[need] = own + below
        if self._nesting[need] > MAX_NESTING:
            raise _TooDeep
        return self._nesting[need]

    def _needs(self, need: Need) -> tuple[Node | None, list[Need]]:
        """The expression of an aspect, and what it and the form itself need."""
        if need.aspect is Aspect.SECTION:
            node = self.names.sections[need.id].shown_when
            return node, self._needs_of(node)
        field = self.names.fields[need.id]
        if need.aspect is Aspect.SHOWN:
            section = self.section_of.get(field.id)
            around = [Need(Aspect.SECTION, section)] if section else []
            return field.shown_when, [*around, *self._needs_of(field.shown_when)]
        if need.aspect is Aspect.VALUE:
            around = [Need(Aspect.SHOWN, field.id)]
            return field.calculation, [*around, *self._needs_of(field.calculation)]
        return field.fails_when, [Need(Aspect.VALUE, field.id), *self._needs_of(field.fails_when)]

    def _needs_of(self, node: Node | None) -> list[Need]:
        return list(dict.fromkeys(self._referred(node))) if node else []

    def _referred(self, node: Node) -> Iterator[Need]:
        match node.op:
            case Op.FIELD:
                yield Need(Aspect.VALUE, str(node.value))
            case Op.CELL:
                yield Need(Aspect.VALUE, node.parts[0])
            case Op.NOT_OK:
                yield Need(Aspect.BAD, str(node.args[0].value))
            case Op.ANY_NOT_OK | Op.COUNT_NOT_OK | Op.ALL_ANSWERED:
                aspect = Aspect.VALUE if node.op is Op.ALL_ANSWERED else Aspect.BAD
                for field in self._questions[str(node.args[0].value)]:
                    yield Need(aspect, field)
            case _:
                for arg in node.args:
                    yield from self._referred(arg)

    @cached_property
    def _questions(self) -> dict[str, list[str]]:
        return {
            section.id: [field.id for field in section.fields if field.is_question]
            for section in self.definition.sections
        }


class _FoundCycle(Exception):
    def __init__(self, path: list[Need]) -> None:
        self.path = path


class _TooDeep(Exception):
    pass
