"""Adds, edits and removes the equipment of a project."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.checklists.mapping.queries import get_workbook, mapping_of
from app.equipment.queries import get_equipment
from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.locks import lock_row
from app.models import Actor, Equipment, Project
from app.rows import apply_changes

MAX_NAME = 200


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


def add_devices(*, workbook_id: UUID, project_id: UUID, actor: Actor) -> tuple[int, int]:
    """Add the devices of a client's workbook as equipment of the project.

    Returns how many were added, and how many tags the project had already. Raises NotFound.
    """
    mapping = mapping_of(get_workbook(workbook_id))
    project = lock_row(Project, project_id)
    have = set(db.session.scalars(select(Equipment.tag).where(Equipment.project_id == project.id)))
    devices = {device.tag: device for one in mapping.checklists for device in one.places.devices}
    new = [device for tag, device in devices.items() if tag not in have]
    for device in new:
        parts = dict.fromkeys(filter(None, (device.type, device.location)))
        name = " – ".join(part for part in parts if part != device.tag)[:MAX_NAME]
        equipment = Equipment(project_id=project.id, tag=device.tag, name=name)
        db.session.add(equipment)
        db.session.flush()
        project_key = str(project.id)
        record(
            "equipment.created", equipment, actor, project=project_key, tag=device.tag, name=name
        )
    return len(new), len(devices) - len(new)


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
