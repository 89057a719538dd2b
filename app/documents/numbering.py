"""The printed numbers of questions."""

from __future__ import annotations

from app.definition.schema import Definition


def numbers_of(definition: Definition) -> dict[str, str]:
    """Field id -> '2.7'; info fields have section 0, a note shares the number before it."""
    groups = [definition.info_fields, *(section.fields for section in definition.sections)]
    numbers: dict[str, str] = {}
    for group, fields in enumerate(groups):
        count = 0
        for field in fields:
            count += field.is_question
            numbers[field.id] = f"{group}.{count}"
    return numbers
