"""What a next version changes against the one before, field by field, for the preview.

Pure: two definitions in, plain data out. Fields are the same when their ids are.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.definition.schema import Definition, Field


class Part(StrEnum):
    """What of a field can change."""

    LABEL = "label"
    HINT = "hint"
    TYPE = "type"
    REQUIRED = "required"
    PHOTOS = "photos"
    COMMENT = "comment"
    OPTIONS = "options"
    LIMITS = "limits"
    ROWS = "rows"
    COLUMNS = "columns"


@dataclass(frozen=True, slots=True)
class Change:
    """A field of both versions, as the new one has it, and what of it is different."""

    field: Field
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    added: tuple[Field, ...]
    removed: tuple[Field, ...]
    changed: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed)


def compare(old: Definition, new: Definition) -> Comparison:
    """Fields added, removed and changed from `old` to `new`, in the order of their form."""
    before = {field.id: field for field in old.all_fields()}
    after = {field.id: field for field in new.all_fields()}
    changes = (
        Change(field, _different_parts(before[field.id], field))
        for field in after.values()
        if field.id in before
    )
    return Comparison(
        added=tuple(field for field in after.values() if field.id not in before),
        removed=tuple(field for field in before.values() if field.id not in after),
        changed=tuple(change for change in changes if change.parts),
    )


def _different_parts(old: Field, new: Field) -> tuple[Part, ...]:
    return tuple(part for part in Part if getattr(old, part.value) != getattr(new, part.value))
