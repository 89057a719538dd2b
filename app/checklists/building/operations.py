"""What an edit does to the body of a draft: plain data in, plain data out.

An edit is a list of changes, stored as JSON. A change sets one setting of a part, inserts or
removes a part, or moves it. It names parts by id and places by the neighbour before, never by
position, so that the edits of two people fit together. Each has an inverse: that is undo.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from app.definition.unfinished import Part

Body = dict[str, Any]
Node = dict[str, Any]
Change = dict[str, Any]

# The information before the sections, where a section's id is expected. No id looks like this.
INFO = "-"
LANGUAGES = "languages"


class Gone(LookupError):
    """The part that a change is about is not in the body."""

    def __init__(self, part: Part, node_id: str) -> None:
        super().__init__(f"{part} {node_id}")
        self.part, self.id = part, node_id


class Place(NamedTuple):
    """Where a part stands: its section's id (fields only) and the part before it, None if first."""

    inside: str | None
    after: str | None


def setting(part: Part, node_id: str, name: str, old: Any, new: Any) -> Change:
    """Set `name` of a part, such as "label.en"; None is the default."""
    return {"do": "set", "part": str(part), "id": node_id, "name": name, "old": old, "new": new}


def inserting(part: Part, node: Node, place: Place) -> Change:
    return {"do": "insert", "part": str(part), "id": node["id"], "node": node, "at": list(place)}


def removing(body: Body, part: Part, node_id: str) -> Change:
    """Raises Gone."""
    node, place = find(body, part, node_id), place_of(body, part, node_id)
    return {"do": "remove", "part": str(part), "id": node_id, "node": node, "at": list(place)}


def moving(body: Body, part: Part, node_id: str, place: Place) -> Change:
    """Raises Gone."""
    old = place_of(body, part, node_id)
    return {"do": "move", "part": str(part), "id": node_id, "old": list(old), "new": list(place)}


def apply(body: Body, changes: Sequence[Change]) -> Body:
    """A new body with the changes made, in order. Raises Gone; `body` stays as it is."""
    made = deepcopy(body)
    for change in changes:
        _DO[change["do"]](made, Part(change["part"]), change)
    return made


def inverse(changes: Sequence[Change]) -> list[Change]:
    """The changes that take these back."""
    return [_undo(change) for change in reversed(changes)]


def targets(changes: Sequence[Change]) -> list[str]:
    """The parts that the changes are about, with what is inside them, as "field:enclosure"."""
    found = {}
    for change in changes:
        found[target(Part(change["part"]), change["id"])] = True
        for field in change.get("node", {}).get("fields", ()):
            found[target(Part.FIELD, field["id"])] = True
    return list(found)


def target(part: Part, node_id: str) -> str:
    return f"{part}:{node_id}"


def find(body: Body, part: Part, node_id: str) -> Node:
    """The part's own dictionary. Raises Gone."""
    if part is Part.HEADER:
        return body["header"]  # type: ignore[no-any-return]
    for _inside, nodes in _lists(body, part):
        for node in nodes:
            if node["id"] == node_id:
                return node
    raise Gone(part, node_id)


def place_of(body: Body, part: Part, node_id: str) -> Place:
    """Raises Gone."""
    for inside, nodes in _lists(body, part):
        for number, node in enumerate(nodes):
            if node["id"] == node_id:
                return Place(inside, nodes[number - 1]["id"] if number else None)
    raise Gone(part, node_id)


def last_place(body: Body, part: Part, inside: str | None) -> Place:
    """The place after the last part of its kind, in the section if it is a field. Raises Gone."""
    nodes = _list(body, part, inside)
    return Place(inside, nodes[-1]["id"] if nodes else None)


def value_of(body: Body, part: Part, node_id: str, name: str) -> Any:
    """The value of a setting, None for the default. Raises Gone."""
    if name == LANGUAGES:
        return body.get(LANGUAGES)
    node: Any = find(body, part, node_id)
    for step in name.split("."):
        node = node.get(step) if isinstance(node, Mapping) else None
    return node


def _lists(body: Body, part: Part) -> Iterator[tuple[str | None, list[Node]]]:
    """The lists that hold parts of this kind, each with the section that it belongs to."""
    if part is Part.SECTION:
        yield None, body.setdefault("sections", [])
    elif part is Part.ROLE:
        yield None, body.setdefault("signature_roles", [])
    elif part is Part.FIELD:
        yield INFO, body.setdefault("info_fields", [])
        for section in body.setdefault("sections", []):
            yield section["id"], section.setdefault("fields", [])


def _list(body: Body, part: Part, inside: str | None) -> list[Node]:
    for one, nodes in _lists(body, part):
        if one == inside:
            return nodes
    raise Gone(Part.SECTION, inside or "")


def _set(body: Body, part: Part, change: Change) -> None:
    name, new = change["name"], change["new"]
    if name == LANGUAGES:
        body[LANGUAGES] = new
        return
    node = find(body, part, change["id"])
    first, _dot, second = name.partition(".")
    if second:
        inner = {**(node.get(first) or {}), second: new}
        new = {key: value for key, value in inner.items() if value is not None} or None
    if new is None:
        node.pop(first, None)
    else:
        node[first] = new


def _insert(body: Body, part: Part, change: Change) -> None:
    inside, after = change["at"]
    nodes = _list(body, part, inside)
    nodes.insert(_index_after(nodes, after), deepcopy(change["node"]))


def _remove(body: Body, part: Part, change: Change) -> None:
    inside = place_of(body, part, change["id"]).inside
    nodes = _list(body, part, inside)
    nodes[:] = [node for node in nodes if node["id"] != change["id"]]


def _move(body: Body, part: Part, change: Change) -> None:
    node = find(body, part, change["id"])
    inside, after = change["new"]
    target_list = _list(body, part, inside)
    _remove(body, part, change)
    target_list.insert(_index_after(target_list, after), node)


def _index_after(nodes: list[Node], after: str | None) -> int:
    """After the neighbour; at the end if somebody took the neighbour away."""
    if after is None:
        return 0
    places = [number for number, node in enumerate(nodes, 1) if node["id"] == after]
    return places[0] if places else len(nodes)


_DO = {"set": _set, "insert": _insert, "remove": _remove, "move": _move}


def _undo(change: Change) -> Change:
    kind = change["do"]
    if kind in ("set", "move"):
        return {**change, "old": change["new"], "new": change["old"]}
    return {**change, "do": "remove" if kind == "insert" else "insert"}
