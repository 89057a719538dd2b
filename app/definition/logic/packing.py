"""What a phone needs of a definition to compute its expressions (app/assets/src/logic)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.definition.logic.dependencies import expressions_of
from app.definition.schema import Definition, Field


def pack(definition: Definition) -> dict[str, Any]:
    """Plain JSON data; numbers are strings. Fields have only what differs from the usual.

    `kind` is the type of the field; `cells` are the keys of a table.
    """
    sections: dict[str, Any] = {
        section.id: {
            "fields": [field.id for field in section.fields],
            **({"shown_when": tree_of(section.shown_when)} if section.shown_when else {}),
        }
        for section in definition.sections
    }
    inside = {id: key for key, section in sections.items() for id in section["fields"]}
    fields = {
        field.id: {**_field(field), **({"section": inside[field.id]} if field.id in inside else {})}
        for field in definition.all_fields()
    }
    return {"fields": fields, "sections": sections}


def _field(field: Field) -> Mapping[str, Any]:
    packed: dict[str, Any] = {"kind": field.type.value}
    packed.update((setting.value, tree_of(node)) for setting, node in expressions_of(field))
    if field.required:
        packed["required"] = True
    if field.rows:
        packed["cells"] = [key for key, _row, _column in field.cells()]
    for name in ("min", "max"):
        bound = getattr(field.limits, name) if field.limits else None
        if bound is not None:
            packed[name] = format(bound, "f")
    return packed


def tree_of(node: Any) -> Sequence[Any]:
    """[operator, value] for a leaf, [operator, argument, ...] for all else."""
    if node.value is not None:
        return [node.op.value, node.value]
    return [node.op.value, *map(tree_of, node.args)]
