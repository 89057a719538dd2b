"""The field types: one module each, collected in one table.

A new type needs a member of FieldType with what it takes, a module here listed in KINDS, and a
template in app/templates/components/fields. Code outside this package never checks the type of a
field: it calls the field's kind (a policy test enforces this).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.definition.fields.date import DateKind
from app.definition.fields.kind import FieldKind, Reading
from app.definition.fields.long_text import LongTextKind
from app.definition.fields.note import NoteKind
from app.definition.fields.number import NumberKind
from app.definition.fields.select_many import SelectManyKind
from app.definition.fields.select_one import SelectOneKind
from app.definition.fields.table import TableKind
from app.definition.fields.text import TextKind
from app.definition.fields.time import TimeKind
from app.definition.fields.verdict import VerdictKind
from app.definition.schema import Field, FieldType

# In the order of the workbook's drop-down list.
KINDS: Mapping[FieldType, FieldKind] = {
    kind.type: kind
    for kind in (
        VerdictKind(),
        SelectOneKind(),
        SelectManyKind(),
        TextKind(),
        LongTextKind(),
        NumberKind(),
        DateKind(),
        TimeKind(),
        TableKind(),
        NoteKind(),
    )
}


def kind_of(field: Field) -> FieldKind:
    return KINDS[field.type]


def readings(field: Field, value: object) -> Iterator[tuple[str, Reading]]:
    """The readings of a number or a table with their keys, in the order of the form."""
    return kind_of(field).readings(field, value)


def can_be_not_ok(kind: FieldType) -> bool:
    """Whether an answer of this type can be Not OK without a rule of its own."""
    return KINDS[kind].is_verdict_type or kind.takes.limits
