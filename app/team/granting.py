"""Which projects a viewer may read the finished reports of."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete, select

from app.errors import DomainError, NotFound
from app.evidence.service import record
from app.extensions import db
from app.models import Account, Actor, Project, ProjectGrant, Role


class NotAViewer(DomainError):
    """%(name)s is no viewer. Projects are granted to viewers only."""


def set_grants(*, account_id: UUID, project_ids: Iterable[UUID], actor: Actor) -> Account:
    """Make these the projects of a viewer; ids that are no project of the company are left out.

    Raises NotFound or NotAViewer.
    """
    account = db.session.scalars(
        select(Account)
        .where(Account.id == account_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if account is None:
        raise NotFound
    if account.role is not Role.VIEWER:
        raise NotAViewer(name=account.name)
    wanted, granted = known_projects(project_ids), granted_projects(account.id)
    if wanted.keys() != granted.keys():
        grant(account, wanted.keys() - granted.keys())
        taken = granted.keys() - wanted.keys()
        db.session.execute(
            delete(ProjectGrant).where(
                ProjectGrant.account_id == account.id, ProjectGrant.project_id.in_(taken)
            )
        )
        record(
            action="account.projects_changed",
            actor=actor,
            object_type="account",
            object_id=account.id,
            granted=sorted(wanted[one] for one in wanted.keys() - granted.keys()),
            taken_back=sorted(granted[one] for one in taken),
        )
    return account


def grant(account: Account, project_ids: Iterable[UUID]) -> None:
    """Rows alone: the caller's entry in the audit tells of them."""
    rows = [ProjectGrant(account_id=account.id, project_id=one) for one in project_ids]
    db.session.add_all(rows)
    db.session.flush()


def known_projects(project_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Of these ids, the company's projects with their names."""
    rows = db.session.execute(
        select(Project.id, Project.name).where(Project.id.in_(list(project_ids)))
    )
    return {row.id: row.name for row in rows}


def granted_projects(account_id: UUID) -> dict[UUID, str]:
    """The projects that a person was granted, with their names."""
    rows = db.session.execute(
        select(Project.id, Project.name)
        .join(ProjectGrant, ProjectGrant.project_id == Project.id)
        .where(ProjectGrant.account_id == account_id)
    )
    return {row.id: row.name for row in rows}
