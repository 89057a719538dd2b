"""Who works on a project and who reads it: members, and viewers by their grants."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.errors import NotFound
from app.extensions import db
from app.models import Account, Actor, ProjectMember
from app.projects.service import lock_project, project_note
from app.reports.assigning import lock_assignee
from app.team.granting import granted_projects, set_grants
from app.tenancy import require_tenant


def add_member(*, project_id: UUID, account_id: UUID, actor: Actor) -> None:
    """Somebody who fills in reports works on the project; a member already, nothing changes.

    Raises NotFound or NotAssignable.
    """
    project = lock_project(project_id)
    person = lock_assignee(account_id)
    added = db.session.execute(
        insert(ProjectMember)
        .values(tenant_id=require_tenant(), project_id=project.id, account_id=person.id)
        .on_conflict_do_nothing()
        .returning(ProjectMember.id)
    ).scalar()
    if added:
        project_note("member_added", project, actor, account=str(person.id), name=person.name)


def remove_member(*, project_id: UUID, account_id: UUID, actor: Actor) -> None:
    """Reports of the person's stay theirs; no member, nothing changes. Raises NotFound."""
    project = lock_project(project_id)
    person = _get_person(account_id)
    member = db.session.scalars(
        select(ProjectMember).where(
            ProjectMember.project_id == project.id, ProjectMember.account_id == person.id
        )
    ).one_or_none()
    if member is not None:
        db.session.delete(member)
        project_note("member_removed", project, actor, account=str(person.id), name=person.name)


def set_viewer(*, project_id: UUID, account_id: UUID, is_granted: bool, actor: Actor) -> None:
    """Let a viewer read the finished reports of the project, or no longer.

    It is the same grant as on the person's page. Raises NotFound or NotAViewer.
    """
    project = lock_project(project_id)
    person = _get_person(account_id, lock=True)
    granted = set(granted_projects(person.id))
    wanted = granted | {project.id} if is_granted else granted - {project.id}
    if wanted != granted:
        set_grants(account_id=person.id, project_ids=wanted, actor=actor)


def _get_person(account_id: UUID, *, lock: bool = False) -> Account:
    statement = select(Account).where(Account.id == account_id)
    if lock:
        statement = statement.with_for_update(key_share=True)
    person = db.session.scalars(statement).one_or_none()
    if person is None:
        raise NotFound
    return person
