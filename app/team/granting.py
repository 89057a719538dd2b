"""Grants: the projects whose finished reports a viewer may read."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete, select

from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.locks import lock_row
from app.models import Account, Actor, Project, ProjectGrant, Role


class NotAViewer(DomainError):
    """%(name)s is not a viewer. Projects can only be granted to viewers."""


def set_grants(*, account_id: UUID, project_ids: Iterable[UUID], actor: Actor) -> Account:
    """Replace the projects of a viewer; ids that are not the company's projects are ignored.

    Raises NotFound or NotAViewer.
    """
    account = lock_row(Account, account_id)
    if account.role is not Role.VIEWER:
        raise NotAViewer(name=account.name)
    new, granted = known_projects(project_ids), granted_projects(account.id)
    if new.keys() != granted.keys():
        grant(account, new.keys() - granted.keys())
        taken = granted.keys() - new.keys()
        db.session.execute(
            delete(ProjectGrant).where(
                ProjectGrant.account_id == account.id, ProjectGrant.project_id.in_(taken)
            )
        )
        record(
            "account.projects_changed",
            account,
            actor,
            granted=sorted(new[one] for one in new.keys() - granted.keys()),
            taken_back=sorted(granted[one] for one in taken),
        )
    return account


def grant(account: Account, project_ids: Iterable[UUID]) -> None:
    """Add the rows only; the caller records them in the audit."""
    rows = [ProjectGrant(account_id=account.id, project_id=one) for one in project_ids]
    db.session.add_all(rows)
    db.session.flush()


def known_projects(project_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The company's projects among these ids, with their names."""
    rows = db.session.execute(
        select(Project.id, Project.name).where(Project.id.in_(list(project_ids)))
    )
    return {row.id: row.name for row in rows}


def granted_projects(account_id: UUID) -> dict[UUID, str]:
    """The projects granted to a person, with their names."""
    rows = db.session.execute(
        select(Project.id, Project.name)
        .join(ProjectGrant, ProjectGrant.project_id == Project.id)
        .where(ProjectGrant.account_id == account_id)
    )
    return {row.id: row.name for row in rows}
