"""Random edits, undoing and redoing never leave a draft that cannot be opened.

Everything that a draft's pages draw from is tried on each body: the definition for display, the open
points, and the fields one by one. A draft without open points can be published.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.checklists.building import nodes
from app.checklists.building import operations as ops
from app.checklists.building.operations import INFO, Gone, Place
from app.checklists.building.settings import changes_of_type, names_of, read_settings
from app.definition.schema import Definition, FieldType
from app.definition.unfinished import (
    Part,
    Unfinished,
    fields_of,
    finish,
    open_points,
    present,
    present_field,
)

EMPTY: dict[str, Any] = {
    "languages": ["en", "pt"],
    "header": {"code": "COM-001", "title": {"en": "Board"}},
    "sections": [],
}
WORDS = st.sampled_from(["", "a", "Tensão", "10", "0,5", "-3", "60", "x\x00y", "1", "required"])
CHOICES = st.sampled_from(
    [
        "none",
        "optional",
        "required",
        "required_when_not_ok",
        "off",
        "client",
        "start_date",
        "me",
        "approval",
    ]
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "set", "type", "move", "step", "copy", "remove", "undo"]),
        st.sampled_from(list(Part)),
        st.integers(0, 50),
        st.integers(0, 50),
        st.lists(st.one_of(WORDS, CHOICES), min_size=3, max_size=3),
        st.sampled_from(list(FieldType)),
    ),
    max_size=25,
)


class Draft:
    def __init__(self) -> None:
        self.body, self.done = EMPTY, []
        self.ids = nodes.IdSource(())

    def ids_of(self, part: Part) -> list[str]:
        if part is Part.HEADER:
            return [""]
        if part is Part.FIELD:
            return [one["id"] for one in fields_of(self.body)]
        name = "sections" if part is Part.SECTION else "signature_roles"
        return [one["id"] for one in self.body.get(name, ())]

    def make(self, changes: list[dict[str, Any]]) -> None:
        if not changes:
            return
        before = self.body
        self.body = ops.apply(before, changes)
        self.done.append(changes)
        back = ops.apply(self.body, ops.inverse(changes))
        assert plain(back) == plain(before), "an edit and its undoing change nothing"

    def act(self, verb, part, first, second, words, kind) -> None:
        sections = [INFO, *self.ids_of(Part.SECTION)]
        inside = sections[first % len(sections)] if part is Part.FIELD else None
        if verb == "add" and part is not Part.HEADER:
            node = nodes.new_node(
                self.body, part, text=words[0], kind=kind, inside=inside, ids=self.ids
            )
            return self.make(
                [ops.inserting(part, node, nodes.place_after(self.body, part, inside, None))]
            )
        if verb == "undo" and self.done:
            self.body = ops.apply(self.body, ops.inverse(self.done.pop()))
            return None
        ids = self.ids_of(part)
        if not ids:
            return None
        node_id = ids[second % len(ids)]
        return self.change(verb, part, node_id, inside, words, kind)

    def change(self, verb, part, node_id, inside, words, kind) -> None:
        node = ops.find(self.body, part, node_id)
        if verb == "set":
            return self.make(self.settings(part, node_id, node, words))
        if verb == "type" and part is Part.FIELD:
            return self.make(changes_of_type(node, kind))
        if part is Part.HEADER:
            return None
        if verb == "remove":
            return self.make([ops.removing(self.body, part, node_id)])
        if verb == "copy":
            place = Place(ops.place_of(self.body, part, node_id).inside, node_id)
            return self.make(
                [ops.inserting(part, nodes.copy_node(self.body, part, node_id, self.ids), place)]
            )
        if verb == "move":
            place = nodes.place_after(self.body, part, inside, None)
            if place.after != node_id:
                return self.make([ops.moving(self.body, part, node_id, place)])
        if verb == "step":
            place = nodes.neighbour(self.body, part, node_id, down=bool(len(words[0]) % 2))
            return self.make([ops.moving(self.body, part, node_id, place)])
        return None

    def settings(self, part, node_id, node, words) -> list[dict[str, Any]]:
        names = names_of(part)
        form = {name: [words[number % 3]] for number, name in enumerate(names)}
        for name in ("options", "rows", "columns"):
            form[f"{name}.id"] = ["", "", ""]
            form[f"{name}.en"] = list(words)
        of, to = words[0], words[1]
        for name in ("shown_when", "required_when", "fails_when"):
            form |= {
                f"{name}.of": [of, of],
                f"{name}.is": ["is", "answered"],
                f"{name}.to": [to, ""],
            }
        form |= {"calculation.mode": ["text"], "calculation.text": [f"default({{{of}}}, {{{to}}})"]}
        has = {**form, "has": [" ".join(names)]}
        values = read_settings(part, node, has, present(self.body)).values
        return [
            ops.setting(part, node_id, name, ops.value_of(self.body, part, node_id, name), value)
            for name, value in values.items()
            if ops.value_of(self.body, part, node_id, name) != value
        ]


def plain(body: dict[str, Any]) -> Any:
    """Without what is empty, which says the same as what is absent."""
    if isinstance(body, dict):
        made = {key: plain(value) for key, value in body.items()}
        return {key: value for key, value in made.items() if value not in ({}, [], None)}
    return [plain(one) for one in body] if isinstance(body, list) else body


@given(STEPS)
def test_a_draft_can_be_opened_whatever_was_done_to_it(steps):
    draft = Draft()
    for step in steps:
        draft.act(*step)
        shown = present(draft.body)
        assert [one.id for one in shown.all_fields()] == draft.ids_of(Part.FIELD)
        for node in fields_of(draft.body):
            present_field(node)
        ids = [draft.ids_of(part) for part in (Part.FIELD, Part.SECTION, Part.ROLE)]
        assert all(len(set(one)) == len(one) for one in ids)
        points = list(open_points(draft.body))
        try:
            finished = finish(draft.body)
        except Unfinished as unfinished:
            assert list(unfinished.points) == points
        else:
            assert points == []
            again = finished.model_dump(mode="json", exclude_defaults=True)
            assert Definition.model_validate(again) == finished == shown


def test_what_is_gone_is_named():
    for part in (Part.FIELD, Part.SECTION, Part.ROLE):
        try:
            ops.find(EMPTY, part, "nothing")
        except Gone as gone:
            assert (gone.part, gone.id) == (part, "nothing")
        else:
            raise AssertionError(part)
