"""Changing projects: create, edit, archive, reopen.

Their equipment, people and checklists have modules of their own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.contact import Contact, contact_of
from app.errors import DomainError, NotFound
from app.evidence.service import differences, record
from app.extensions import db
from app.models import DEFAULT_RADIUS_M, Actor, Project

# Before the parts of the client's contact, in the audit.
CLIENT = "client_"


class ProjectNameTaken(DomainError):
    """There is a project named "%(name)s" already."""

    status = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts:
    """What a person says about a project. Coordinates are WGS 84 degrees, both or none; a photo
    taken farther from them than `radius_m` metres is an exception."""

    name: str
    client: str = ""
    client_contact: Contact = field(default_factory=Contact)
    address: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    radius_m: int = DEFAULT_RADIUS_M


def create_project(*, facts: ProjectFacts, actor: Actor) -> Project:
    """Raises ProjectNameTaken."""
    project = Project(**_columns(facts))
    try:
        with db.session.begin_nested():
            db.session.add(project)
    except IntegrityError as error:
        raise ProjectNameTaken(name=facts.name) from error
    values = {name: plain(value) for name, value in _columns(facts).items()}
    values |= facts.client_contact.named(CLIENT)
    del values["client_contact"]
    project_note("created", project, actor, values=values)
    return project


def update_project(*, project_id: UUID, facts: ProjectFacts, actor: Actor) -> Project:
    """Change what differs, and note old and new. Raises NotFound or ProjectNameTaken."""
    project = lock_project(project_id)
    columns = _columns(facts)
    changes = differences(project, columns, plain)
    if not changes:
        return project
    contact = contact_of(project.client_contact)
    try:
        with db.session.begin_nested():
            for name in changes:
                setattr(project, name, columns[name])
    except IntegrityError as error:
        raise ProjectNameTaken(name=facts.name) from error
    changes.pop("client_contact", None)
    changes |= contact.changes(facts.client_contact, CLIENT)
    project_note("updated", project, actor, changes=changes)
    return project


def _columns(facts: ProjectFacts) -> dict[str, Any]:
    return {**asdict(facts), "client_contact": facts.client_contact.overrides()}


def archive_project(*, project_id: UUID, actor: Actor) -> Project:
    """Hide it from lists and start forms; its reports stay and open ones can be finished.

    Archived already, it stays as it is. Raises NotFound.
    """
    project = lock_project(project_id)
    if project.archived_at is None:
        project.archived_at = datetime.now(UTC)
        project_note("archived", project, actor, name=project.name)
    return project


def reopen_project(*, project_id: UUID, actor: Actor) -> Project:
    """Undo `archive_project`; an active project stays as it is. Raises NotFound."""
    project = lock_project(project_id)
    if project.archived_at is not None:
        project.archived_at = None
        project_note("reopened", project, actor, name=project.name)
    return project


def lock_project(project_id: UUID) -> Project:
    """The project, changed by nobody else until the transaction ends. Raises NotFound."""
    project = db.session.scalars(
        select(Project)
        .where(Project.id == project_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if project is None:
        raise NotFound
    return project


def project_note(verb: str, project: Project, actor: Actor, **facts: Any) -> None:
    """An audit entry of the project."""
    record(
        action=f"project.{verb}",
        actor=actor,
        object_type="project",
        object_id=project.id,
        **facts,
    )


def plain(value: Any) -> str | None:
    """A value as the audit keeps it: numbers as strings."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return None if value is None else str(value)
