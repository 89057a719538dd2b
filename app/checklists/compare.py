"""Compares a new version with the previous one, field by field, for the preview.

Pure: two definitions in, plain data out. Fields with the same id are the same field.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from app.definition.schema import Definition, Field, SignatureRole


class Part(StrEnum):
    """A property of a field that can change."""

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
    PREFILL = "prefill"
    DUE = "due"
    SHOWN_WHEN = "shown_when"
    REQUIRED_WHEN = "required_when"
    FAILS_WHEN = "fails_when"
    CALCULATION = "calculation"


# The properties of a signature role that can change, and those of a field.
ROLE_PARTS = (Part.LABEL, Part.REQUIRED, Part.PREFILL, Part.DUE)
FIELD_PARTS = tuple(part for part in Part if part is not Part.DUE)


@dataclass(frozen=True, slots=True)
class Change:
    """A field of both versions, as in the new one, and which properties differ."""

    field: Field
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class RoleChange:
    """A signature role of both versions, as in the new one, and which properties differ."""

    role: SignatureRole
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences: fields, then signature roles."""

    added: tuple[Field, ...]
    removed: tuple[Field, ...]
    changed: tuple[Change, ...]
    added_roles: tuple[SignatureRole, ...] = ()
    removed_roles: tuple[SignatureRole, ...] = ()
    changed_roles: tuple[RoleChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed or self._has_other_roles)

    @property
    def _has_other_roles(self) -> bool:
        return bool(self.added_roles or self.removed_roles or self.changed_roles)


def compare(old: Definition, new: Definition) -> Comparison:
    """Fields and roles added, removed and changed from `old` to `new`, in form order."""
    before = {field.id: field for field in old.all_fields()}
    after = {field.id: field for field in new.all_fields()}
    changes = (
        Change(field, _different_parts(before[field.id], field, FIELD_PARTS))
        for field in after.values()
        if field.id in before
    )
    roles = {role.id: role for role in old.signature_roles}
    kept = {role.id: role for role in new.signature_roles}
    role_changes = (
        RoleChange(role, _different_parts(roles[role.id], role, ROLE_PARTS))
        for role in kept.values()
        if role.id in roles
    )
    return Comparison(
        added=tuple(field for field in after.values() if field.id not in before),
        removed=tuple(field for field in before.values() if field.id not in after),
        changed=tuple(change for change in changes if change.parts),
        added_roles=tuple(role for role in kept.values() if role.id not in roles),
        removed_roles=tuple(role for role in roles.values() if role.id not in kept),
        changed_roles=tuple(change for change in role_changes if change.parts),
    )


Compared = TypeVar("Compared", Field, SignatureRole)


def _different_parts(old: Compared, new: Compared, parts: Iterable[Part]) -> tuple[Part, ...]:
    return tuple(part for part in parts if getattr(old, part.value) != getattr(new, part.value))
