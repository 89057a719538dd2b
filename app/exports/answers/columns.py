"""The columns of a checklist's sheet: the fields of all its versions, merged. Pure.

Versions share a column as long as a field keeps its id, type and unit, and its label is the same in
a language that both versions have. Otherwise the field gets another column, whose heading names its
versions. The values belong in answers/rows.py.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.definition.schema import Definition, Field, Language, Text

# Version id and field id.
FieldKey = tuple[UUID, str]


class Extra(StrEnum):
    """Details of an answer. Each gets its own column if any report has it."""

    TYPED = "typed"
    COMMENT = "comment"
    NA_REASON = "na_reason"


# Version id, field id, cell of a table, and detail of the answer.
ColumnKey = tuple[UUID, str, str | None, Extra | None]


@dataclass(frozen=True, slots=True)
class ExportedVersion:
    """A checklist version whose reports are exported."""

    id: UUID
    number: int
    definition: Definition


@dataclass(frozen=True, slots=True)
class AnswerColumn:
    """One column. `cell` is the key of a table's cell; `extra` is the detail that it holds.

    `part` holds the labels of the cell's row and column. `versions` are the numbers of the versions
    that fill the column. `is_split` is true if the same field id has another column.
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
        return self.field.unit if self.extra is None else None


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns in order, and the index of the column for each part of an answer."""

    columns: tuple[AnswerColumn, ...]
    column_indexes: Mapping[ColumnKey, int]


@dataclass(eq=False)
class _Cell:
    """A table cell whose labels are the same in all `versions`."""

    key: str
    part: tuple[Text, Text]
    versions: list[ExportedVersion] = dataclasses.field(default_factory=list)

    def is_of(self, part: tuple[Text, Text]) -> bool:
        return all(_is_same_text(one, other) for one, other in zip(self.part, part, strict=True))


@dataclass(eq=False)
class _Variant:
    """A field with the same meaning in all `versions`. `field` comes from the newest of them."""

    field: Field
    section: Text | None
    labels: list[Text] = dataclasses.field(default_factory=list)
    cells: list[_Cell] = dataclasses.field(default_factory=list)
    versions: list[ExportedVersion] = dataclasses.field(default_factory=list)

    def add(self, one: Field, version: ExportedVersion) -> None:
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
            and self.field.unit == other.unit
            and any(_is_same_text(label, other.label) for label in self.labels)
        )


def lay_out(
    versions: Sequence[ExportedVersion], extras: Mapping[FieldKey, frozenset[Extra]]
) -> Layout:
    """Merge the columns of these versions, in the order of the newest version's form.

    A field that only older versions have comes after its predecessor in that version. A field that
    changed comes next to its newer variant.
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
                # Next to the other variant of the same field.
                after = variants.index(known[-1]) if known else before
                known.append(variant)
                variants.insert(after + 1, variant)
            before = variants.index(variant)
            variant.add(one, version)
    columns: list[AnswerColumn] = []
    column_indexes: dict[ColumnKey, int] = {}
    for variant in variants:
        _add_columns(variant, len(by_id[variant.field.id]) > 1, extras, columns, column_indexes)
    return Layout(tuple(columns), column_indexes)


def _fields(definition: Definition) -> Iterator[tuple[Text | None, Field]]:
    """Yield the fields that take an answer, each with the title of its section."""
    for one in definition.info_fields:
        if one.is_question:
            yield None, one
    for section in definition.sections:
        yield from ((section.title, one) for one in section.fields if one.is_question)


def _add_columns(
    variant: _Variant,
    is_split: bool,
    extras: Mapping[FieldKey, frozenset[Extra]],
    columns: list[AnswerColumn],
    column_indexes: dict[ColumnKey, int],
) -> None:
    one = variant.field

    def add(
        of: list[ExportedVersion], cell: _Cell | None, extra: Extra | None, split: bool
    ) -> None:
        numbers = tuple(sorted(version.number for version in of))
        key, part = (cell.key, cell.part) if cell else (None, None)
        for version in of:
            column_indexes[version.id, one.id, key, extra] = len(columns)
        columns.append(AnswerColumn(one, variant.section, key, part, extra, numbers, split))

    if variant.cells:
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


def _is_same_text(one: Text, other: Text) -> bool:
    """True if the texts match in any language, ignoring case, accents and punctuation."""
    return any(
        _folded(first) == _folded(second)
        for language in Language
        if (first := getattr(one, language)) and (second := getattr(other, language))
    )


def _folded(words: str) -> str:
    apart = unicodedata.normalize("NFKD", words.casefold())
    return " ".join(
        "".join(
            one if one.isalnum() else " " for one in apart if not unicodedata.combining(one)
        ).split()
    )
