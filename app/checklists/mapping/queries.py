"""Reads client workbooks and what is remembered of their shapes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.definition.mapping import Correction, Mapping
from app.definition.mapping.sandbox import corrections_of
from app.extensions import db
from app.models import ClientWorkbook, Project, WorkbookShape
from app.rows import one_or_404

# The latest shapes; one workbook a day for months.
MOST_SHAPES = 100


def get_workbook(workbook_id: UUID, *, content: bool = False) -> ClientWorkbook:
    """The workbook with its mapping. Raises NotFound."""
    loaded = [undefer(ClientWorkbook.mapping)]
    if content:
        loaded.append(undefer(ClientWorkbook.content))
    return one_or_404(
        select(ClientWorkbook).where(ClientWorkbook.id == workbook_id).options(*loaded)
    )


def mapping_of(workbook: ClientWorkbook) -> Mapping:
    return Mapping.model_validate(workbook.mapping)


def list_shapes() -> dict[str, Sequence[Correction]]:
    """What is remembered of each shape; what an older release stored otherwise is left out."""
    rows = db.session.execute(
        select(WorkbookShape.shape, WorkbookShape.corrections)
        .order_by(WorkbookShape.updated_at.desc())
        .limit(MOST_SHAPES)
    )
    found: dict[str, Sequence[Correction]] = {}
    for shape, corrections in rows:
        try:
            found[shape] = corrections_of(corrections)
        except ValidationError:
            continue
    return found


def list_projects() -> list[tuple[UUID, str]]:
    """Projects that can take the devices of a workbook as equipment, by name."""
    rows = db.session.execute(
        select(Project.id, Project.name).where(Project.archived_at.is_(None)).order_by(Project.name)
    )
    return [(row.id, row.name) for row in rows]
