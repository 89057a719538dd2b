"""Adds, edits and removes the equipment of a project."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.equipment.queries import get_equipment
from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.locks import lock_row
from app.models import Actor, Equipment, Project
from app.rows import apply_changes


class TagTaken(DomainError):
    """This project already has the tag %(tag)s."""

    status = 422


class EquipmentInUse(DomainError):
    """%(tag)s has reports, so it cannot be removed. If the tag is wrong, edit it: the reports will
    show the new one."""

    status = 422


def add_equipment(*, project_id: UUID, tag: str, name: str, actor: Actor) -> Equipment:
    """Raises NotFound or TagTaken."""
    project = lock_row(Project, project_id)
    equipment = Equipment(project_id=project.id, tag=tag, name=name)
    try:
        with db.session.begin_nested():
            db.session.add(equipment)
    except IntegrityError as error:
        raise TagTaken(tag=tag) from error
    record("equipment.created", equipment, actor, project=str(project.id), tag=tag, name=name)
    return equipment


def update_equipment(
    *, project_id: UUID, equipment_id: UUID, tag: str, name: str, actor: Actor
) -> Equipment:
    """Apply and record the changes. Raises NotFound or TagTaken."""
    lock_row(Project, project_id)
    equipment = get_equipment(project_id, equipment_id)
    try:
        with db.session.begin_nested():
            changes = apply_changes(equipment, {"tag": tag, "name": name})
    except IntegrityError as error:
        raise TagTaken(tag=tag) from error
    if changes:
        record("equipment.updated", equipment, actor, project=str(project_id), changes=changes)
    return equipment


def remove_equipment(*, project_id: UUID, equipment_id: UUID, actor: Actor) -> None:
    """Delete equipment that has no reports. Raises NotFound or EquipmentInUse."""
    lock_row(Project, project_id)
    equipment = get_equipment(project_id, equipment_id)
    tag, name = equipment.tag, equipment.name
    try:
        with db.session.begin_nested():
            db.session.delete(equipment)
    except IntegrityError as error:
        raise EquipmentInUse(tag=tag) from error
    record("equipment.removed", equipment, actor, project=str(project_id), tag=tag, name=name)
