"""A checklist that is still being built: the body of a draft, which need not validate.

It has the same shape as a definition's JSON, but texts, answers, rows or questions may be missing
and limits may contradict each other. `present` shows it like a definition, `open_points` says what
it cannot be published with, and `finish` gives the strict definition. Published versions are never
read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import ValidationError

from app.definition.logic.dependencies import find_problems
from app.definition.schema import (
    MAX_FIELDS,
    MAX_TABLE_CELLS,
    Definition,
    Field,
    FieldType,
    Header,
    Language,
    PhotoMode,
    Section,
    SignatureRole,
    Text,
)
from app.definition.sentences import N_, NN_, Sentence, say

Body = Mapping[str, Any]
Node = Mapping[str, Any]
_Part = TypeVar("_Part", Field, Section)

# Stands where a text is still missing. Neutral: it is seen in every language.
NO_TEXT = "…"
MIN_OPTIONS = 2

NO_TITLE = N_("The checklist has no title.")
NO_QUESTIONS = N_("The checklist has no question yet.")
TOO_MANY = NN_(
    "A checklist holds at most %(limit)s field; this one has %(count)s.",
    "A checklist holds at most %(limit)s fields; this one has %(count)s.",
    by="limit",
)
NO_SECTION_TITLE = N_("The section has no title.")
NO_LABEL = N_("The question has no text.")
NO_ROLE_LABEL = N_("The signature has no role.")
FEW_OPTIONS = N_("A choice needs at least two answers.")
NO_CELLS = N_("A table needs at least one row and one column.")
MANY_CELLS = N_("A table holds at most %(limit)s cells.")
CROSSED_LIMITS = N_("The minimum %(min)s is above the maximum %(max)s.")
NO_PHOTOS_ASKED = N_("Photos are required, but the minimum is 0.")
NOT_VALID = N_("A setting is not accepted: %(reason)s")


class Part(StrEnum):
    """What a draft is made of."""

    HEADER = "header"
    SECTION = "section"
    FIELD = "field"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """What a draft lacks, and in which part."""

    part: Part
    id: str
    sentence: Sentence


class Unfinished(ValueError):
    """The draft cannot be published; `points` says why, at least one."""

    def __init__(self, points: Sequence[OpenPoint]) -> None:
        super().__init__("; ".join(str(point.sentence) for point in points))
        self.points = tuple(points)


def finish(body: Body) -> Definition:
    """The strict definition of a finished draft. Raises Unfinished."""
    points = list(open_points(body))
    if points:
        raise Unfinished(points)
    return Definition.model_validate(body)


def open_points(body: Body) -> Iterator[OpenPoint]:
    """Everything that keeps the draft from being published, in form order."""
    found = list(_known_points(body))
    yield from found
    if found:
        return
    try:
        Definition.model_validate(body)
    except ValidationError as error:
        yield from _other_points(body, error)


def present(body: Body) -> Definition:
    """The draft as a definition for display, whatever it lacks. Never to be stored.

    Expressions that cannot be used, such as those that name a removed question, are left out.
    """
    whole = _assembled(body)
    while faults := [(one.is_section, one.id, one.setting.value) for one in find_problems(whole)]:
        whole = _without(whole, faults)
    return whole


def _without(whole: Definition, faults: Sequence[tuple[bool, str, str]]) -> Definition:
    """The definition without the expressions that have faults."""

    def bare(one: _Part, *, is_section: bool) -> _Part:
        names = [name for kind, owner, name in faults if (kind, owner) == (is_section, one.id)]
        return one.model_copy(update=dict.fromkeys(names)) if names else one

    def fields(every: Sequence[Field]) -> tuple[Field, ...]:
        return tuple(bare(one, is_section=False) for one in every)

    sections = (
        bare(one.model_copy(update={"fields": fields(one.fields)}), is_section=True)
        for one in whole.sections
    )
    return whole.model_copy(
        update={"info_fields": fields(whole.info_fields), "sections": tuple(sections)}
    )


def _assembled(body: Body) -> Definition:
    sections = [one for one in body.get("sections", ()) if one.get("id")]
    return Definition.model_construct(
        languages=languages_of(body),
        header=_present_header(body.get("header", {})),
        info_fields=tuple(present_field(one) for one in body.get("info_fields", ())),
        sections=tuple(
            Section(
                id=one["id"],
                title=_text(one.get("title")),
                fields=tuple(present_field(field) for field in one.get("fields", ())),
                shown_when=one.get("shown_when"),
            )
            for one in sections
        ),
        signature_roles=tuple(present_role(one) for one in body.get("signature_roles", ())),
    )


def present_field(node: Node) -> Field:
    """One field for display. What contradicts itself or is missing has its default."""
    try:
        return Field.model_validate(node)
    except ValidationError:
        pass
    kind = FieldType(node["type"])
    lists = {name: _options(node.get(name, ())) for name in ("options", "rows", "columns")}
    bare: dict[str, Any] = {
        "id": node["id"],
        "type": kind,
        "label": _text(node.get("label")),
        "hint": node.get("hint"),
        "required": bool(node.get("required", True)) and kind.takes.answer,
        "options": _at_least(lists["options"], MIN_OPTIONS) if kind.takes.options else (),
        "rows": _at_least(lists["rows"], 1) if kind.takes.cells else (),
        "columns": _at_least(lists["columns"], 1) if kind.takes.cells else (),
    }
    if len(bare["rows"]) * len(bare["columns"]) > MAX_TABLE_CELLS:
        bare["rows"], bare["columns"] = bare["rows"][:1], bare["columns"][:1]
    # The other settings one by one: what fits is shown.
    for name in node.keys() - bare.keys():
        try:
            Field.model_validate({**bare, name: node[name]})
        except ValidationError:
            continue
        bare[name] = node[name]
    return Field.model_validate(bare)


def present_role(node: Node) -> SignatureRole:
    return SignatureRole.model_validate({**node, "label": _text(node.get("label"))})


def languages_of(body: Body) -> tuple[Language, ...]:
    return tuple(Language(one) for one in body.get("languages", ())) or (Language.EN,)


def fields_of(body: Body) -> Iterator[Node]:
    """The fields in form order, those of the information first."""
    yield from body.get("info_fields", ())
    for section in body.get("sections", ()):
        yield from section.get("fields", ())


def has_words(node: Node, name: str) -> bool:
    return any((node.get(name) or {}).values())


def _present_header(node: Node) -> Header:
    return Header.model_validate({**node, "title": _text(node.get("title"), node["code"])})


def _text(words: Mapping[str, str] | None, otherwise: str = NO_TEXT) -> Text:
    return Text.model_validate(words if words and any(words.values()) else {"en": otherwise})


def _options(nodes: Sequence[Node]) -> list[dict[str, Any]]:
    return [{"id": one["id"], "label": _text(one.get("label"))} for one in nodes]


def _at_least(nodes: list[dict[str, Any]], least: int) -> list[dict[str, Any]]:
    taken = {one["id"] for one in nodes}
    spare = (f"spare_{number}" for number in range(len(taken) + least))
    empty = ({"id": one, "label": Text(en=NO_TEXT)} for one in spare if one not in taken)
    return nodes + [next(empty) for _ in range(least - len(nodes))]


def _known_points(body: Body) -> Iterator[OpenPoint]:
    if not has_words(body["header"], "title"):
        yield OpenPoint(Part.HEADER, "", say(NO_TITLE))
    if not any(section.get("fields") for section in body.get("sections", ())):
        yield OpenPoint(Part.HEADER, "", say(NO_QUESTIONS))
    count = sum(1 for _ in fields_of(body))
    if count > MAX_FIELDS:
        yield OpenPoint(Part.HEADER, "", say(TOO_MANY, limit=MAX_FIELDS, count=count))
    for field in body.get("info_fields", ()):
        yield from _points_of_field(field)
    for section in body.get("sections", ()):
        if not has_words(section, "title"):
            yield OpenPoint(Part.SECTION, section["id"], say(NO_SECTION_TITLE))
        for field in section.get("fields", ()):
            yield from _points_of_field(field)
    for role in body.get("signature_roles", ()):
        if not has_words(role, "label"):
            yield OpenPoint(Part.ROLE, role["id"], say(NO_ROLE_LABEL))
    for problem in find_problems(_assembled(body)):
        part = Part.SECTION if problem.is_section else Part.FIELD
        yield OpenPoint(part, problem.id, problem.sentence)


def _points_of_field(field: Node) -> Iterator[OpenPoint]:
    for sentence in _lacks(field):
        yield OpenPoint(Part.FIELD, field["id"], sentence)


def _lacks(field: Node) -> Iterator[Sentence]:
    takes = FieldType(field["type"]).takes
    if not has_words(field, "label"):
        yield say(NO_LABEL)
    if takes.options and len(field.get("options", ())) < MIN_OPTIONS:
        yield say(FEW_OPTIONS)
    if takes.cells:
        cells = len(field.get("rows", ())) * len(field.get("columns", ()))
        if not cells:
            yield say(NO_CELLS)
        if cells > MAX_TABLE_CELLS:
            yield say(MANY_CELLS, limit=MAX_TABLE_CELLS)
    limits = field.get("limits") or {}
    least, most = _decimal(limits.get("min")), _decimal(limits.get("max"))
    if least is not None and most is not None and least > most:
        yield say(CROSSED_LIMITS, min=limits["min"], max=limits["max"])
    yield from _lacks_of_photos(field.get("photos") or {})


def _lacks_of_photos(photos: Node) -> Iterator[Sentence]:
    least, most = photos.get("min", 0), photos.get("max", 20)
    is_asked = PhotoMode(photos.get("mode", PhotoMode.OPTIONAL)).asks
    if is_asked and least < 1:
        yield say(NO_PHOTOS_ASKED)
    if is_asked and least > most:
        yield say(CROSSED_LIMITS, min=least, max=most)


def _decimal(text: object) -> Decimal | None:
    try:
        return None if text is None else Decimal(str(text))
    except InvalidOperation:
        return None


def _other_points(body: Body, error: ValidationError) -> Iterator[OpenPoint]:
    """Rules of the schema that have no sentence of their own here, each at its part."""
    for one in error.errors(include_url=False):
        reason = str(one["msg"]).removeprefix("Value error, ")
        part, part_id = _part_at(body, one["loc"])
        yield OpenPoint(part, part_id, say(NOT_VALID, reason=reason))


def _part_at(body: Any, path: Sequence[int | str]) -> tuple[Part, str]:
    """The innermost part that the path of an error goes through."""
    found, node, kind = (Part.HEADER, ""), body, Part.HEADER
    kinds = {
        "info_fields": Part.FIELD,
        "fields": Part.FIELD,
        "sections": Part.SECTION,
        "signature_roles": Part.ROLE,
    }
    for step in path:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(step, str):
            kind = kinds.get(step, Part.HEADER)
        elif kind is not Part.HEADER:
            found = (kind, node["id"])
    return found
