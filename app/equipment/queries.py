"""Finds the equipment of a project."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from app.errors import NotFound
from app.extensions import db
from app.models import Equipment, Project, Report
from app.rows import one_or_404


@dataclass(frozen=True, slots=True)
class EquipmentLine:
    """A piece of equipment; `reports` counts all its reports, visible to the person or not."""

    id: UUID
    tag: str
    name: str
    reports: int


def get_equipment(project_id: UUID, equipment_id: UUID) -> Equipment:
    """Raises NotFound."""
    return one_or_404(
        select(Equipment).where(Equipment.id == equipment_id, Equipment.project_id == project_id)
    )


def list_equipment(project_id: UUID) -> tuple[EquipmentLine, ...]:
    """List the equipment of a project by tag."""
    reports = (
        select(func.count(Report.id))
        .where(Report.equipment_id == Equipment.id)
        .correlate(Equipment)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Equipment.id, Equipment.tag, Equipment.name, reports)
        .where(Equipment.project_id == project_id)
        .order_by(Equipment.tag)
    )
    return tuple(EquipmentLine(*row) for row in rows)


def get_project_name(project_id: UUID) -> str:
    """Raises NotFound."""
    name = db.session.scalar(select(Project.name).where(Project.id == project_id))
    if name is None:
        raise NotFound
    return name
