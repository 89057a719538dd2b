"""Adds and removes members and viewers of a project."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.evidence.service import record
from app.extensions import db
from app.locks import lock_row
from app.models import Account, Actor, Project, ProjectMember
from app.reports.assigning.service import lock_assignee
from app.team.granting import granted_projects, set_grants
from app.team.queries import get_person
from app.tenancy import require_tenant


def add_member(*, project_id: UUID, account_id: UUID, actor: Actor) -> None:
    """Add a person who can fill in reports as a member. Idempotent.

    Raises NotFound or NotAssignable.
    """
    project = lock_row(Project, project_id)
    person = lock_assignee(account_id)
    added = db.session.execute(
        insert(ProjectMember)
        .values(tenant_id=require_tenant(), project_id=project.id, account_id=person.id)
        .on_conflict_do_nothing()
        .returning(ProjectMember.id)
    ).scalar()
    if added:
        record("project.member_added", project, actor, account=str(person.id), name=person.name)


def remove_member(*, project_id: UUID, account_id: UUID, actor: Actor) -> None:
    """Remove a member, who keeps their reports. Idempotent. Raises NotFound."""
    project = lock_row(Project, project_id)
    person = get_person(account_id)
    member = db.session.scalars(
        select(ProjectMember).where(
            ProjectMember.project_id == project.id, ProjectMember.account_id == person.id
        )
    ).one_or_none()
    if member is not None:
        db.session.delete(member)
        record("project.member_removed", project, actor, account=str(person.id), name=person.name)


def set_viewer(*, project_id: UUID, account_id: UUID, is_granted: bool, actor: Actor) -> None:
    """Grant or revoke a viewer's access to the finished reports of the project.

    The person's own page edits the same grants. Raises NotFound or NotAViewer.
    """
    project = lock_row(Project, project_id)
    person = lock_row(Account, account_id)
    granted = set(granted_projects(person.id))
    wanted = granted | {project.id} if is_granted else granted - {project.id}
    if wanted != granted:
        set_grants(account_id=person.id, project_ids=wanted, actor=actor)
