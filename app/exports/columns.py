"""The columns of a checklist's sheet: the fields of all its versions, united. Pure.

A field keeps its column from version to version while its id, type and unit are the same and its
label still says the same in a language that both versions have; what changed has a column of its
own that names its versions. Values are for rows.py.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.definition.schema import Definition, Field, FieldType, Language, Text

# A field by the version that it stands in.
FieldKey = tuple[UUID, str]


class Extra(StrEnum):
    """What may stand beside an answer, each in a column of its own where any report has it."""

    TYPED = "typed"
    COMMENT = "comment"
    NA_REASON = "na_reason"


# Version, field, cell of a table, and what of the answer.
Place = tuple[UUID, str, str | None, Extra | None]


@dataclass(frozen=True, slots=True)
class VersionOf:
    """A version whose reports are exported."""

    id: UUID
    number: int
    definition: Definition


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `cell` is the key of a table's cell; `extra` what of the answer stands in it.

    `part` is the cell's row and column in words. `versions` are those whose reports fill it, and
    `is_split` tells that the same id has another column.
    """

    field: Field
    section: Text | None
    cell: str | None
    part: tuple[Text, Text] | None
    extra: Extra | None
    versions: tuple[int, ...]
    is_split: bool

    @property
    def unit(self) -> str | None:
        limits = self.field.limits
        return limits.unit if limits and self.extra is None else None


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns in order, and which of them each part of an answer goes into."""

    columns: tuple[Column, ...]
    places: Mapping[Place, int]


@dataclass(eq=False)
class _Cell:
    """A cell of a table that keeps its meaning."""

    key: str
    part: tuple[Text, Text]
    versions: list[VersionOf] = dataclasses.field(default_factory=list)

    def is_of(self, part: tuple[Text, Text]) -> bool:
        return all(_say_the_same(one, other) for one, other in zip(self.part, part, strict=True))


@dataclass(eq=False)
class _Variant:
    """A field that keeps its meaning. `field` is as the newest version has it."""

    field: Field
    section: Text | None
    labels: list[Text] = dataclasses.field(default_factory=list)
    cells: list[_Cell] = dataclasses.field(default_factory=list)
    versions: list[VersionOf] = dataclasses.field(default_factory=list)

    def add(self, one: Field, version: VersionOf) -> None:
        self.labels.append(one.label)
        self.versions.append(version)
        known: dict[str, list[_Cell]] = {}
        for cell in self.cells:
            known.setdefault(cell.key, []).append(cell)
        for key, row, column in one.cells():
            part = (row.label, column.label)
            same = next((cell for cell in known.get(key, ()) if cell.is_of(part)), None)
            if same is None:
                same = _Cell(key, part)
                self.cells.append(same)
            same.versions.append(version)

    def is_of(self, other: Field) -> bool:
        return (
            self.field.id == other.id
            and self.field.type is other.type
            and _unit(self.field) == _unit(other)
            and any(_say_the_same(label, other.label) for label in self.labels)
        )


def lay_out(versions: Sequence[VersionOf], extras: Mapping[FieldKey, frozenset[Extra]]) -> Layout:
    """The columns of these versions, in the order of the newest one's form.

    What only older versions have stands after what it followed there, what changed beside its new
    form.
    """
    variants: list[_Variant] = []
    by_id: dict[str, list[_Variant]] = {}
    for version in sorted(versions, key=lambda one: one.number, reverse=True):
        before = -1
        for section, one in _fields(version.definition):
            known = by_id.setdefault(one.id, [])
            variant = next((variant for variant in known if variant.is_of(one)), None)
            if variant is None:
                variant = _Variant(one, section)
                # Beside what it was before or became.
                after = variants.index(known[-1]) if known else before
                known.append(variant)
                variants.insert(after + 1, variant)
            before = variants.index(variant)
            variant.add(one, version)
    columns: list[Column] = []
    places: dict[Place, int] = {}
    for variant in variants:
        _add_columns(variant, len(by_id[variant.field.id]) > 1, extras, columns, places)
    return Layout(tuple(columns), places)


def _fields(definition: Definition) -> Iterator[tuple[Text | None, Field]]:
    """The fields that take an answer, with the titles of their sections."""
    for one in definition.info_fields:
        if one.type is not FieldType.NOTE:
            yield None, one
    for section in definition.sections:
        yield from (
            (section.title, one) for one in section.fields if one.type is not FieldType.NOTE
        )


def _add_columns(
    variant: _Variant,
    is_split: bool,
    extras: Mapping[FieldKey, frozenset[Extra]],
    columns: list[Column],
    places: dict[Place, int],
) -> None:
    one = variant.field

    def add(of: list[VersionOf], cell: _Cell | None, extra: Extra | None, split: bool) -> None:
        numbers = tuple(sorted(version.number for version in of))
        key, part = (cell.key, cell.part) if cell else (None, None)
        for version in of:
            places[version.id, one.id, key, extra] = len(columns)
        columns.append(Column(one, variant.section, key, part, extra, numbers, split))

    if one.type is FieldType.TABLE:
        keys = [cell.key for cell in variant.cells]
        for cell in variant.cells:
            add(cell.versions, cell, None, is_split or keys.count(cell.key) > 1)
    else:
        add(variant.versions, None, None, is_split)
    found = {
        extra
        for version in variant.versions
        for extra in extras.get((version.id, one.id), frozenset())
    }
    for extra in Extra:
        if extra in found:
            add(variant.versions, None, extra, is_split)


def _unit(one: Field) -> str | None:
    return one.limits.unit if one.limits else None


def _say_the_same(one: Text, other: Text) -> bool:
    """Whether the words of both are the same in a language, but for case, accents and marks."""
    return any(
        _folded(words) == _folded(said)
        for language in Language
        if (words := getattr(one, language)) and (said := getattr(other, language))
    )


def _folded(words: str) -> str:
    apart = unicodedata.normalize("NFKD", words.casefold())
    return " ".join("".join(one if one.isalnum() else " " for one in apart if
                            not unicodedata.combining(one)).split())  # fmt: skip
