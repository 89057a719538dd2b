"""Changing the tagged assets of a project."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.errors import DomainError
from app.evidence.service import differences, record
from app.extensions import db
from app.models import Actor, Equipment
from app.projects.queries import get_equipment
from app.projects.service import lock_project


class TagTaken(DomainError):
    """This project has the tag %(tag)s already."""

    status = 422


class EquipmentInUse(DomainError):
    """Reports stand on %(tag)s, so it stays. If the tag is wrong, edit it: the reports follow."""

    status = 422


def add_equipment(*, project_id: UUID, tag: str, name: str, actor: Actor) -> Equipment:
    """Raises NotFound or TagTaken."""
    project = lock_project(project_id)
    equipment = Equipment(project_id=project.id, tag=tag, name=name)
    try:
        with db.session.begin_nested():
            db.session.add(equipment)
    except IntegrityError as error:
        raise TagTaken(tag=tag) from error
    _note("created", equipment, actor, tag=tag, name=name)
    return equipment


def update_equipment(
    *, project_id: UUID, equipment_id: UUID, tag: str, name: str, actor: Actor
) -> Equipment:
    """Change what differs, and note old and new. Raises NotFound or TagTaken."""
    lock_project(project_id)
    equipment = get_equipment(project_id, equipment_id)
    changes = differences(equipment, {"tag": tag, "name": name})
    if not changes:
        return equipment
    try:
        with db.session.begin_nested():
            equipment.tag, equipment.name = tag, name
    except IntegrityError as error:
        raise TagTaken(tag=tag) from error
    _note("updated", equipment, actor, changes=changes)
    return equipment


def remove_equipment(*, project_id: UUID, equipment_id: UUID, actor: Actor) -> None:
    """Delete what no report stands on. Raises NotFound or EquipmentInUse."""
    lock_project(project_id)
    equipment = get_equipment(project_id, equipment_id)
    tag, name = equipment.tag, equipment.name
    try:
        with db.session.begin_nested():
            db.session.delete(equipment)
    except IntegrityError as error:
        raise EquipmentInUse(tag=tag) from error
    _note("removed", equipment, actor, tag=tag, name=name)


def _note(verb: str, equipment: Equipment, actor: Actor, **facts: object) -> None:
    record(
        action=f"equipment.{verb}",
        actor=actor,
        object_type="equipment",
        object_id=equipment.id,
        project=str(equipment.project_id),
        **facts,
    )
