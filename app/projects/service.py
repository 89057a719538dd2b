"""Creates, edits, archives and reopens projects.

Equipment, people and checklists have their own modules.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.contact import Contact, contact_of
from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.locks import lock_row
from app.models import DEFAULT_RADIUS_M, Actor, Project
from app.reports.reviewing.rules import Steps, plain_rule, require_rule
from app.rows import apply_changes

# Prefix of the client's contact fields in the audit.
CLIENT = "client_"


class ProjectNameTaken(DomainError):
    """A project named "%(name)s" already exists."""

    status = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts:
    """The values of a project's form.

    Coordinates are WGS 84 degrees, both or none. A photo taken farther than `radius_m` metres from
    them is an exception.
    """

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
    record("project.created", project, actor, values=values)
    return project


def choose_review(*, project_id: UUID, steps: Steps | None, actor: Actor) -> Project:
    """Say who reviews the project's reports; with None each checklist says so.

    Raises NotFound, NotAReviewer, SameReviewerTwice.
    """
    project = lock_row(Project, project_id)
    require_rule(steps or ())
    wanted = {"review_steps": None if steps is None else list(steps)}
    if changes := apply_changes(project, wanted, plain=plain_rule):
        record("project.review_changed", project, actor, changes=changes)
    return project


def update_project(*, project_id: UUID, facts: ProjectFacts, actor: Actor) -> Project:
    """Apply and record the changes. Raises NotFound or ProjectNameTaken."""
    project = lock_row(Project, project_id)
    columns = _columns(facts)
    contact = contact_of(project.client_contact)
    try:
        with db.session.begin_nested():
            changes = apply_changes(project, columns, plain)
    except IntegrityError as error:
        raise ProjectNameTaken(name=facts.name) from error
    if not changes:
        return project
    changes.pop("client_contact", None)
    changes |= contact.changes(facts.client_contact, CLIENT)
    record("project.updated", project, actor, changes=changes)
    return project


def _columns(facts: ProjectFacts) -> dict[str, Any]:
    return {**asdict(facts), "client_contact": facts.client_contact.overrides()}


def archive_project(*, project_id: UUID, actor: Actor) -> Project:
    """Hide the project from lists and start forms. Its open reports can still be finished.

    Idempotent. Raises NotFound.
    """
    project = lock_row(Project, project_id)
    if project.archived_at is None:
        project.archived_at = datetime.now(UTC)
        record("project.archived", project, actor, name=project.name)
    return project


def reopen_project(*, project_id: UUID, actor: Actor) -> Project:
    """Undo `archive_project`. Idempotent. Raises NotFound."""
    project = lock_row(Project, project_id)
    if project.archived_at is not None:
        project.archived_at = None
        record("project.reopened", project, actor, name=project.name)
    return project


def plain(value: Any) -> str | None:
    """Convert a value for the audit, which stores numbers as strings."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return None if value is None else str(value)
