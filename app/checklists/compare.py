"""The difference between two versions of a checklist, setting by setting.

Pure: two definitions in, plain data out. Parts with the same id are the same part, wherever they
stand and whatever they say. settings.py has the words.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from app.checklists.settings import Part, Told, Words, told
from app.definition.schema import Definition, Field, Language, Section, SignatureRole, Text
from app.definition.sentences import N_, Sentence, say

One = TypeVar("One", Section, Field, SignatureRole)

POSITION = N_("Position")
ORDER = N_("Order")
SECTION = N_("Section")
INFORMATION = N_("Information")


class Mark(StrEnum):
    """What happened to a part; one that moved and changed is `CHANGED`."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Detail:
    """A setting that differs, before and after; empty where it was or is not set.

    `language` is that of a text of the checklist, None for all else.
    """

    name: Sentence
    old: Words
    new: Words
    language: Language | None = None


Details = tuple[Detail, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A part that differs, by its label in the newer version that has it."""

    mark: Mark
    id: str
    label: Text
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionChange:
    """A section with a difference: its own (None if it is the same), then those of its fields.

    Information before the sections has no `label`.
    """

    label: Text | None
    own: Change | None
    fields: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences, in the order of the form; removed sections come after the others."""

    cover: tuple[Detail, ...] = ()
    sections: tuple[SectionChange, ...] = ()
    roles: tuple[Change, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.cover or self.sections or self.roles)

    @property
    def count(self) -> int:
        """The number of parts that differ, the cover as one."""
        inside = sum(len(one.fields) + (one.own is not None) for one in self.sections)
        return bool(self.cover) + inside + len(self.roles)


def compare(old: Definition, new: Definition) -> Comparison:
    """What differs from `old` to `new`."""
    return Comparison(
        cover=(*_details(old, new), *_details(old.header, new.header)),
        sections=tuple(_sections(old, new)),
        roles=tuple(_role_changes(old, new)),
    )


def moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """The fewest ids in both that must move to turn the order of `old` into that of `new`."""
    places = {one: place for place, one in enumerate(old)}
    kept = [one for one in new if one in places]
    # The longest increasing run of old places stays; `ends[n]` is the end of the best of length n.
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for place in (places[one] for one in kept):
        length = bisect_left(ends, place)
        before[place] = ends[length - 1] if length else None
        ends[length : length + 1] = [place]
    staying, place_or_none = set(), ends[-1] if ends else None
    while place_or_none is not None:
        staying.add(old[place_or_none])
        place_or_none = before[place_or_none]
    return set(kept) - staying


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the fields of a definition are: their section's id ("" for information) and title."""

    section: dict[str, str] = field(default_factory=dict)
    titles: dict[str, Text | None] = field(default_factory=dict)
    fields: dict[str, Field] = field(default_factory=dict)
    order: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, definition: Definition) -> _Places:
        places = cls()
        parts = [(one.id, one.title, one.fields) for one in definition.sections]
        for section_id, title, fields in [("", None, definition.info_fields), *parts]:
            places.titles[section_id] = title
            places.order[section_id] = [one.id for one in fields]
            for one in fields:
                places.section[one.id], places.fields[one.id] = section_id, one
        return places


def _sections(old: Definition, new: Definition) -> Iterator[SectionChange]:
    before, after = _Places.of(old), _Places.of(new)
    own = {one.id: one for one in _section_changes(old, new)}
    gone = [one for one in before.titles if one not in after.titles]
    for section_id in (*after.titles, *gone):
        title = after.titles.get(section_id) or before.titles.get(section_id)
        fields = tuple(_field_changes(section_id, before, after))
        if fields or section_id in own:
            yield SectionChange(title, own.get(section_id), fields)


def _section_changes(old: Definition, new: Definition) -> Iterator[Change]:
    before = {one.id: one for one in old.sections}
    after = {one.id: one for one in new.sections}
    yield from _changes(before, after)


def _role_changes(old: Definition, new: Definition) -> Iterator[Change]:
    before = {one.id: one for one in old.signature_roles}
    after = {one.id: one for one in new.signature_roles}
    yield from _changes(before, after)


def _changes(before: dict[str, One], after: dict[str, One]) -> Iterator[Change]:
    """The differences of parts that stand in one list."""
    places = tuple(before), tuple(after)
    out_of_order = moved(*places)
    for one in after.values():
        if one.id not in before:
            yield Change(Mark.ADDED, one.id, _label(one), _details(None, one))
            continue
        place = (_position(*places, one.id),) if one.id in out_of_order else ()
        yield from _different(one, place, _details(before[one.id], one))
    for one in before.values():
        if one.id not in after:
            yield Change(Mark.REMOVED, one.id, _label(one))


def _field_changes(section_id: str, before: _Places, after: _Places) -> Iterator[Change]:
    """The differences of the fields of one section; a field that left it is told where it is."""
    lists = before.order.get(section_id, []), after.order.get(section_id, [])
    out_of_order = moved(*lists)
    for field_id in lists[1]:
        one, was = after.fields[field_id], before.fields.get(field_id)
        if was is None:
            yield Change(Mark.ADDED, field_id, one.label, _details(None, one))
            continue
        place: Details = ()
        if before.section[field_id] != section_id:
            place = (_other_section(field_id, before, after),)
        elif field_id in out_of_order:
            place = (_position(*lists, field_id),)
        yield from _different(one, place, _details(was, one))
    for field_id in lists[0]:
        if field_id not in after.fields:
            yield Change(Mark.REMOVED, field_id, before.fields[field_id].label)


def _different(one: One, place: Details, settings: Details) -> Iterator[Change]:
    """The change of a part of both versions, if its place or its settings differ."""
    if place or settings:
        mark = Mark.CHANGED if settings else Mark.MOVED
        yield Change(mark, one.id, _label(one), (*place, *settings))


def _position(old: Sequence[str], new: Sequence[str], one: str) -> Detail:
    return Detail(say(POSITION), str(old.index(one) + 1), str(new.index(one) + 1))


def _other_section(field_id: str, before: _Places, after: _Places) -> Detail:
    return Detail(
        say(SECTION),
        _title(before.titles[before.section[field_id]]),
        _title(after.titles[after.section[field_id]]),
    )


def _title(title: Text | None) -> Words:
    return say(INFORMATION) if title is None else tuple(filter(None, (title.en, title.pt)))


def _label(part: One) -> Text:
    return part.title if isinstance(part, Section) else part.label


def _details(old: Part | None, new: Part) -> Details:
    """The settings that differ; of a part that is new (`old` is None), all that are set."""
    before = told(old) if old is not None else {}
    after = told(new)
    found = [
        _detail(before.get(key), after.get(key))
        for key in (*after, *(key for key in before if key not in after))
        if before.get(key) is None
        or after.get(key) is None
        or before[key].value != after[key].value
    ]
    if isinstance(old, Field) and isinstance(new, Field):
        found += _orders(old, new)
    return tuple(found)


def _detail(old: Told | None, new: Told | None) -> Detail:
    either = new or old
    assert either is not None
    return Detail(either.name, old.words if old else "", new.words if new else "", either.language)


def _orders(old: Field, new: Field) -> Iterator[Detail]:
    """The lists of a field whose entries are in another order."""
    for before, after in (
        (old.options, new.options),
        (old.rows, new.rows),
        (old.columns, new.columns),
    ):
        if moved([one.id for one in before], [one.id for one in after]):
            old_words, new_words = (
                tuple(_one_label(one.label) for one in options) for options in (before, after)
            )
            yield Detail(say(ORDER), old_words, new_words)


def _one_label(label: Text) -> str:
    return " / ".join(filter(None, (label.en, label.pt)))
