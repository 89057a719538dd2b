"""Reads the conditions and calculations of a workbook: docs/logic.md has their language.

Their names are found only once the whole checklist is known, so the texts are kept with their cells
until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.definition.logic.checking import Names
from app.definition.logic.dependencies import find_problems, names_of
from app.definition.logic.errors import LogicError, Setting
from app.definition.logic.parsing import parse_calculation, parse_condition
from app.definition.logic.tree import Node
from app.definition.schema import Definition, Field
from app.definition.sentences import N_, say
from app.definition.workbook.columns import Column
from app.definition.workbook.exact import literal
from app.definition.workbook.problems import Log
from app.definition.workbook.row import Row

AT = N_('%(detail)s See "%(text)s".')
NOT_FOR_NOTES = N_("A note has no answer, so it can only be shown or hidden.")
NOT_WITH_CALCULATION = N_("A calculated field is neither filled in from the report nor required.")

SETTINGS: Mapping[Column, Setting] = {
    Column.SHOWN_WHEN: Setting.SHOWN_WHEN,
    Column.REQUIRED_WHEN: Setting.REQUIRED_WHEN,
    Column.FAILS_WHEN: Setting.FAILS_WHEN,
    Column.CALCULATION: Setting.CALCULATION,
}
_EXCERPT = 30


@dataclass(frozen=True, slots=True)
class LogicText:
    """The text in one cell."""

    column: Column
    sheet: str
    ref: str
    text: str


def read_logic(row: Row) -> tuple[LogicText, ...]:
    """The texts in the cells of a field's row."""
    found = (read_text(row, column) for column in SETTINGS)
    return tuple(filter(None, found))


def read_text(row: Row, column: Column) -> LogicText | None:
    """The text of one cell; None if it is empty or absent."""
    cell = row.get(column)
    if cell is None:
        return None
    text = (literal(cell.text) if row.form.is_exact else cell.text).strip()
    return LogicText(column, row.sheet.name, cell.ref, text) if text else None


def with_logic(
    definition: Definition,
    texts: Mapping[str, Iterable[LogicText]],
    of_sections: Mapping[str, LogicText],
    log: Log,
) -> Definition | None:
    """The definition with the texts by the id of their field and those of sections by theirs;
    None after logging problems."""
    if not any(texts.values()) and not of_sections:
        return definition
    before = len(log.problems)
    parsed = _Parsed(names_of(definition), log)
    for field_id, found in texts.items():
        for one in found:
            parsed.read(field_id, one)
    for section_id, one in of_sections.items():
        parsed.read(section_id, one)
    if len(log.problems) > before:
        return None
    whole = parsed.put_into(definition)
    for problem in find_problems(whole):
        text = parsed.places[problem.id, problem.setting, problem.is_section]
        log.problem(text.sheet, text.ref, problem.sentence)
    if len(log.problems) > before:
        return None
    return Definition.model_validate(whole.model_dump(mode="json", exclude_defaults=True))


class _Parsed:
    """The trees by their field or section, with their cells. A key has True for a section."""

    def __init__(self, names: Names, log: Log) -> None:
        self.names, self.log = names, log
        self.nodes: dict[tuple[str, bool], dict[str, Node]] = {}
        self.places: dict[tuple[str, Setting, bool], LogicText] = {}

    def read(self, owner: str, one: LogicText) -> None:
        is_section = one.column is Column.SECTION_SHOWN
        setting = SETTINGS.get(one.column, Setting.SHOWN_WHEN)
        try:
            if is_section:
                node = parse_condition(one.text, self.names)
            else:
                node = self._parse(owner, setting, one)
        except LogicError as error:
            sentence = error.sentence
            if error.at is not None and one.text[error.at :]:
                part = one.text[error.at :][:_EXCERPT]
                sentence = say(AT, detail=str(error.sentence), text=part)
            self.log.problem(one.sheet, one.ref, sentence)
            return
        self.nodes.setdefault((owner, is_section), {})[setting.value] = node
        self.places[owner, setting, is_section] = one

    def _parse(self, field_id: str, setting: Setting, one: LogicText) -> Node:
        field = self.names.fields[field_id]
        if setting is not Setting.SHOWN_WHEN and not field.is_question:
            raise LogicError(say(NOT_FOR_NOTES))
        if setting is Setting.CALCULATION:
            return parse_calculation(one.text, self.names, field)
        return parse_condition(one.text, self.names)

    def put_into(self, definition: Definition) -> Definition:
        sections = (
            section.model_copy(
                update={
                    "fields": tuple(self._fields(section.fields)),
                    **self.nodes.get((section.id, True), {}),
                }
            )
            for section in definition.sections
        )
        return definition.model_copy(
            update={
                "info_fields": tuple(self._fields(definition.info_fields)),
                "sections": tuple(sections),
            }
        )

    def _fields(self, fields: Iterable[Field]) -> Iterator[Field]:
        for field in fields:
            found = self.nodes.get((field.id, False), {})
            clash = Setting.REQUIRED_WHEN.value in found or field.prefill is not None
            if Setting.CALCULATION.value in found and clash:
                text = self.places[field.id, Setting.CALCULATION, False]
                self.log.problem(text.sheet, text.ref, say(NOT_WITH_CALCULATION))
            yield field.model_copy(update=found) if found else field
