"""A definition without the fields that conditions hide."""

from __future__ import annotations

from collections.abc import Callable

from app.definition.schema import Definition, Field


def shown_part(definition: Definition, is_shown: Callable[[str], bool]) -> Definition:
    """The definition with only the shown fields, and the sections that have any; itself if all are.

    Its expressions give the same, because a hidden field is empty.
    """
    if all(is_shown(field.id) for field in definition.all_fields()):
        return definition

    def part(fields: tuple[Field, ...]) -> tuple[Field, ...]:
        return tuple(field for field in fields if is_shown(field.id))

    sections = (
        section.model_copy(update={"fields": part(section.fields)})
        for section in definition.sections
    )
    return definition.model_copy(
        update={
            "info_fields": part(definition.info_fields),
            "sections": tuple(section for section in sections if section.fields),
        }
    )
