"""Changing projects and their equipment."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.models import Actor, Equipment, Project
from app.projects.queries import get_project


class ProjectNameTaken(DomainError):
    """There is a project named "%(name)s" already."""

    status = 422


class TagTaken(DomainError):
    """This project has the tag %(tag)s already."""

    status = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts:
    """What a person says about a project. Coordinates are WGS 84 degrees, both or none."""

    name: str
    client: str = ""
    address: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None


def create_project(*, facts: ProjectFacts, actor: Actor) -> Project:
    """Raises ProjectNameTaken."""
    project = Project(**asdict(facts))
    try:
        with db.session.begin_nested():
            db.session.add(project)
    except IntegrityError as error:
        raise ProjectNameTaken(name=facts.name) from error
    values = {name: _plain(value) for name, value in asdict(facts).items()}
    record(
        action="project.created",
        actor=actor,
        object_type="project",
        object_id=project.id,
        values=values,
    )
    return project


def update_project(*, project_id: UUID, facts: ProjectFacts, actor: Actor) -> Project:
    """Change what differs, and note old and new. Raises NotFound or ProjectNameTaken."""
    project = get_project(project_id)
    changes = {
        name: {"old": _plain(getattr(project, name)), "new": _plain(value)}
        for name, value in asdict(facts).items()
        if getattr(project, name) != value
    }
    if not changes:
        return project
    try:
        with db.session.begin_nested():
            for name in changes:
                setattr(project, name, getattr(facts, name))
    except IntegrityError as error:
        raise ProjectNameTaken(name=facts.name) from error
    record(
        action="project.updated",
        actor=actor,
        object_type="project",
        object_id=project.id,
        changes=changes,
    )
    return project


def add_equipment(*, project_id: UUID, tag: str, name: str, actor: Actor) -> Equipment:
    """Raises NotFound or TagTaken."""
    project = get_project(project_id)
    equipment = Equipment(project_id=project.id, tag=tag, name=name)
    try:
        with db.session.begin_nested():
            db.session.add(equipment)
    except IntegrityError as error:
        raise TagTaken(tag=tag) from error
    record(
        action="equipment.created",
        actor=actor,
        object_type="equipment",
        object_id=equipment.id,
        project=str(project.id),
        tag=tag,
        name=name,
    )
    return equipment


def _plain(value: Any) -> str | None:
    """A value as the audit keeps it: numbers as strings."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return None if value is None else str(value)
