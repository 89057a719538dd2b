"""The builder's page as plain data: the draft, what it lacks, and its missing translations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from flask_babel import gettext as _

from app.checklists.building import operations as ops
from app.checklists.building import wording
from app.checklists.building.conditions import (
    Rows,
    answers_of,
    questions_of,
    rows_of,
    stored_text,
)
from app.checklists.building.queries import list_steps
from app.checklists.building.service import Conflict, row_version
from app.checklists.building.settings import EXPRESSIONS, names_of
from app.definition.fields import can_be_not_ok
from app.definition.logic.tree import Node, Type
from app.definition.schema import (
    Definition,
    Field,
    FieldType,
    Language,
    PhotoMode,
    Prefill,
    SignatureRole,
    Takes,
)
from app.definition.sentences import Sentence
from app.definition.unfinished import (
    OpenPoint,
    Part,
    languages_of,
    open_points,
    present,
    present_field,
    present_role,
)
from app.models import ChecklistStatus, EditState, Version
from app.web.locale import reading_order

# The settings that are texts in the checklist's languages, by part; lists of entries come after.
TEXTS: Mapping[Part, Sequence[str]] = {
    Part.HEADER: ("title",),
    Part.SECTION: ("title",),
    Part.FIELD: ("label", "hint"),
    Part.ROLE: ("label",),
}
ENTRIES = ("options", "rows", "columns")
# What a calculation can give; the other types are answered by hand.
CALCULATED = frozenset({Type.TEXT, Type.NUMBER, Type.DATE, Type.TIME, Type.CHOICE})
MOST_ANSWERS = 200
WHEN_NOT_OK = PhotoMode.REQUIRED_WHEN_NOT_OK.value


class Untranslated(NamedTuple):
    """A text that is missing in one of the checklist's languages; `words` is the other one."""

    part: Part
    id: str
    language: Language
    words: str


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a save: `errors` by setting were not accepted, `conflicts` not applied."""

    errors: Mapping[str, Sentence] = field(default_factory=dict)
    conflicts: Sequence[Conflict] = ()
    sentence: str = ""
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return not (self.errors or self.conflicts or self.sentence)


class Builder:
    """A draft for display. `base` is its row version, `editor` the token of the forms drawn now."""

    def __init__(self, version: Version, account_id: UUID, as_text: str = "") -> None:
        self.version = version
        self.id: UUID = version.id
        self.body: dict[str, Any] = version.body
        self.languages = languages_of(self.body)
        self.base = row_version(version.id)
        self.editor = uuid4().hex
        self._steps = list_steps(version.id, account_id)
        # The condition of the opened part that is shown as text although rows can say it.
        self.as_text = as_text

    @cached_property
    def definition(self) -> Definition:
        return present(self.body)

    @cached_property
    def points(self) -> Sequence[OpenPoint]:
        return tuple(open_points(self.body))

    @cached_property
    def untranslated(self) -> Sequence[Untranslated]:
        return tuple(_untranslated(self.body, self.languages))

    @property
    def can_undo(self) -> bool:
        return EditState.DONE in self._steps

    @property
    def can_redo(self) -> bool:
        return EditState.UNDONE in self._steps

    @property
    def reading(self) -> tuple[Language, ...]:
        """The checklist's languages, that of the reader first."""
        return reading_order(self.languages)

    def node(self, part: Part, node_id: str) -> dict[str, Any]:
        """The part as it is stored. Raises Gone."""
        return ops.find(self.body, part, node_id)

    def field(self, node: Mapping[str, Any]) -> Field:
        """The field as a phone shows it."""
        return present_field(node)

    def role(self, node: Mapping[str, Any]) -> SignatureRole:
        return present_role(node)

    def inside(self, field_id: str) -> str | None:
        """The section of a field. Raises Gone."""
        return ops.place_of(self.body, Part.FIELD, field_id).inside

    def words(self, node: Mapping[str, Any], name: str) -> str:
        """A text in the first of the reader's languages that has it, else empty."""
        texts = node.get(name) or {}
        order = (*(one.value for one in self.reading), *texts)
        return next((texts[one] for one in order if texts.get(one)), "")

    def lacks(self, part: Part, node_id: str) -> bool:
        return (part, node_id) in self._lacking

    @cached_property
    def _lacking(self) -> frozenset[tuple[Part, str]]:
        return frozenset((point.part, point.id) for point in self.points)

    @property
    def wording(self) -> Any:
        return wording

    @property
    def can_change_code(self) -> bool:
        """Until the first version is published: reports are numbered with it."""
        return self.version.checklist.status is ChecklistStatus.DRAFT

    def name(self, part: str, node_id: str | None) -> str:
        """What a part is called in lists."""
        if part == Part.HEADER:
            return wording.PARTS.word(part)
        node = self.node(Part(part), node_id or "")
        text = self.words(node, "title" if part == Part.SECTION else "label")
        return text or _("%(name)s without a text", name=wording.PARTS.word(part))

    def shown_settings(self, part: str, node: Mapping[str, Any]) -> list[str]:
        """The names of the settings whose inputs the form of this part has."""
        names = [
            name
            for name in names_of(Part(part))
            if name.rpartition(".")[2] not in self._hidden_languages
        ]
        if part == Part.HEADER and not self.can_change_code:
            names.remove("code")
        if part != Part.FIELD:
            return names
        takes = self.takes(node)
        hidden = {
            "options": not takes.options,
            "rows": not takes.cells,
            "columns": not takes.cells,
            "limits": not takes.limits,
            "photos": not takes.answer,
            "required": not takes.answer,
            "comment": not takes.answer,
            "prefill": not self.prefill_choices(node),
            "required_when": not takes.answer,
            "fails_when": not takes.answer,
            "calculation": takes.gives not in CALCULATED,
        }
        return [name for name in names if not hidden.get(name.partition(".")[0])]

    @property
    def _hidden_languages(self) -> set[str]:
        return {one.value for one in Language if one not in self.languages}

    @staticmethod
    def takes(node: Mapping[str, Any]) -> Takes:
        return FieldType(node["type"]).takes

    def expressions(self, part: str, node: Mapping[str, Any]) -> list[str]:
        """The names of the expressions that the form of this part has."""
        own = {one.value for one in EXPRESSIONS.get(Part(part), ())}
        return [name for name in self.shown_settings(part, node) if name in own]

    def rows(self, node: Mapping[str, Any], name: str) -> Rows | None:
        """The condition as rows; None if rows cannot say it."""
        stored = Node.model_validate(node[name]) if node.get(name) else None
        return rows_of(stored, self.definition, self.reading)

    @property
    def questions(self) -> Sequence[tuple[str, str]]:
        return questions_of(self.definition, self.reading)

    @property
    def answers(self) -> Sequence[str]:
        return answers_of(self.definition, self.reading)[:MOST_ANSWERS]

    @staticmethod
    def expression(node: Mapping[str, Any], name: str) -> str:
        """The expression as text, empty for none."""
        return stored_text(node.get(name))

    def photo_choices(self, node: Mapping[str, Any]) -> list[tuple[str, str]]:
        return self._without(wording.PHOTOS.choices(), node, (node.get("photos") or {}).get("mode"))

    def comment_choices(self, node: Mapping[str, Any]) -> list[tuple[str, str]]:
        return self._without(wording.COMMENTS.choices(), node, node.get("comment"))

    def _without(
        self, pairs: list[tuple[str, str]], node: Mapping[str, Any], now: str | None
    ) -> list[tuple[str, str]]:
        """Without "when Not OK", where an answer can never be, unless that is chosen."""
        can = can_be_not_ok(FieldType(node["type"])) or now == WHEN_NOT_OK
        return [pair for pair in pairs if can or pair[0] != WHEN_NOT_OK]

    @staticmethod
    def prefill_choices(node: Mapping[str, Any]) -> list[tuple[str, str]]:
        kind = FieldType(node["type"])
        return wording.PREFILLS.choices([one for one in Prefill if one.fits(kind)])


def _untranslated(body: ops.Body, languages: Sequence[Language]) -> Iterator[Untranslated]:
    if len(languages) < 2:
        return
    for part, node_id, texts in _all_texts(body):
        have = [one for one in languages if texts.get(one.value)]
        if have:
            for language in languages:
                if language not in have:
                    yield Untranslated(part, node_id, language, texts[have[0].value])


def _all_texts(body: ops.Body) -> Iterator[tuple[Part, str, Mapping[str, str]]]:
    for part, node in _nodes(body):
        node_id = node.get("id", "")
        for name in TEXTS[part]:
            yield part, node_id, node.get(name) or {}
        for name in ENTRIES if part is Part.FIELD else ():
            for entry in node.get(name, ()):
                yield part, node_id, entry.get("label") or {}


def _nodes(body: ops.Body) -> Iterator[tuple[Part, Mapping[str, Any]]]:
    yield Part.HEADER, body["header"]
    for one in body.get("info_fields", ()):
        yield Part.FIELD, one
    for section in body.get("sections", ()):
        yield Part.SECTION, section
        for one in section.get("fields", ()):
            yield Part.FIELD, one
    for role in body.get("signature_roles", ()):
        yield Part.ROLE, role
