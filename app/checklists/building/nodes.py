"""New parts of a draft, and copies: every part has an id at once, and keeps it for ever.

An id is a slug of the section and the text, numbered if it was ever used in this checklist: answers
are kept by id, so that of a removed question must not return with another meaning.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from app.checklists.building.operations import INFO, Body, Gone, Place, find, last_place
from app.definition.fields import KINDS
from app.definition.schema import MAX_FIELDS, FieldType, Language, PhotoMode
from app.definition.unfinished import Part, fields_of, languages_of
from app.definition.workbook.ids import MAX_ID, slug
from app.errors import DomainError


class TooManyFields(DomainError):
    """A checklist holds at most %(limit)s fields. Remove some before you add others."""

    status = 409


class IdSource:
    """Gives out ids that were never used."""

    def __init__(self, used: Iterable[str]) -> None:
        self._used = set(used)

    def take(self, *words: str, kind: str) -> str:
        """From the first text that has any; `kind` is the id's beginning without one."""
        text = " ".join(word for word in words if word)
        base = candidate = slug(text, prefix=kind) if text else kind
        number = 1
        while candidate in self._used:
            number += 1
            candidate = f"{base[: MAX_ID - len(str(number)) - 1]}_{number}"
        self._used.add(candidate)
        return candidate


def new_node(
    body: Body, part: Part, *, text: str, kind: FieldType, inside: str | None, ids: IdSource
) -> dict[str, Any]:
    """A part with one text in the checklist's first language. Raises Gone, TooManyFields."""
    first = languages_of(body)[0]
    words = {first.value: text} if text else {}
    if part is Part.SECTION:
        return {"id": ids.take(text, kind="section"), "title": words, "fields": []}
    if part is Part.ROLE:
        return {"id": ids.take(text, kind="role"), "label": words}
    _require_room(body, 1)
    node_id = ids.take(_title_of(body, inside, first), text, kind=kind.value)
    return {"id": node_id, "type": kind.value, "label": words, **_settings_of_new(kind, inside)}


def copy_node(body: Body, part: Part, node_id: str, ids: IdSource) -> dict[str, Any]:
    """The same part under another id, and a section's fields too. Raises Gone, TooManyFields."""
    node = deepcopy(find(body, part, node_id))
    _require_room(
        body, len(node.get("fields", ())) if part is Part.SECTION else int(part is Part.FIELD)
    )
    for one in (node, *node.get("fields", ())):
        one["id"] = ids.take(str(one["id"]), kind=part.value)
    return node


def place_after(body: Body, part: Part, inside: str | None, after: str | None) -> Place:
    """After a part, or the last place if none is named. Raises Gone."""
    if after is None:
        return last_place(body, part, inside)
    return Place(inside, after)


def neighbour(body: Body, part: Part, node_id: str, *, down: bool) -> Place:
    """The place one step up or down in reading order; a field goes on into the next section.

    Its own place if there is no further step. Raises Gone.
    """
    if part is not Part.FIELD:
        return _step_in_list(_ids(body, part), node_id, down=down)
    lists: list[tuple[str, list[str]]] = [
        (INFO, [one["id"] for one in body.get("info_fields", [])])
    ]
    lists += [(one["id"], [field["id"] for field in one["fields"]]) for one in body["sections"]]
    for number, (inside, nodes) in enumerate(lists):
        if node_id not in nodes:
            continue
        place = nodes.index(node_id)
        if (down and place < len(nodes) - 1) or (not down and place > 0):
            return Place(inside, _step_in_list(nodes, node_id, down=down).after)
        other = number + (1 if down else -1)
        if 0 <= other < len(lists):
            return Place(
                lists[other][0], None if down or not lists[other][1] else lists[other][1][-1]
            )
        return Place(inside, nodes[place - 1] if place else None)
    raise Gone(part, node_id)


def _step_in_list(nodes: list[str], node_id: str, *, down: bool) -> Place:
    if node_id not in nodes:
        raise Gone(Part.FIELD, node_id)
    place = nodes.index(node_id)
    others = [one for one in nodes if one != node_id]
    target = min(max(place + (1 if down else -1), 0), len(others))
    return Place(None, others[target - 1] if target else None)


def _ids(body: Body, part: Part) -> list[str]:
    name = "sections" if part is Part.SECTION else "signature_roles"
    return [node["id"] for node in body.get(name, [])]


def _title_of(body: Body, section_id: str | None, language: Language) -> str:
    if section_id in (None, INFO):
        return ""
    title = find(body, Part.SECTION, str(section_id)).get("title") or {}
    return title.get(language.value) or next(iter(title.values()), "")


def _settings_of_new(kind: FieldType, inside: str | None) -> dict[str, Any]:
    """What differs from the schema's defaults, as in a workbook."""
    settings: dict[str, Any] = {}
    if not KINDS[kind].is_required_by_default:
        settings["required"] = False
    if not kind.takes.answer or inside == INFO:
        settings["photos"] = {"mode": PhotoMode.NONE.value}
    if not kind.takes.answer:
        settings["comment"] = "off"
    return settings


def _require_room(body: Body, more: int) -> None:
    if sum(1 for _ in fields_of(body)) + more > MAX_FIELDS:
        raise TooManyFields(limit=MAX_FIELDS)
