"""A checklist with everything that counts towards a report's progress."""

from __future__ import annotations

from app.definition.schema import (
    Definition,
    Field,
    FieldType,
    PhotoMode,
    PhotoPolicy,
    Prefill,
    Section,
    Text,
)
from tests.support import scenarios

PREFILLED = tuple(
    Field(
        id=f"known_{source.value}",
        type=FieldType.DATE if source is Prefill.START_DATE else FieldType.TEXT,
        label=Text(en=source.value),
        prefill=source,
    )
    for source in Prefill
)
PHOTOGRAPHED = Field(
    id="pair",
    type=FieldType.VERDICT,
    label=Text(en="Two photos"),
    photos=PhotoPolicy(mode=PhotoMode.REQUIRED, min=2, max=3, gps_required=True),
)


def a_definition() -> Definition:
    base = scenarios.a_definition(code="KEPT")
    photos = Section(id="photos", title=Text(en="Photos"), fields=(PHOTOGRAPHED,))
    return scenarios.a_definition(
        code="KEPT",
        info_fields=(*base.info_fields, *PREFILLED),
        sections=(*base.sections, photos),
    )
