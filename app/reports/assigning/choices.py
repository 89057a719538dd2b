"""The people to whom a report can be assigned."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from app.extensions import db
from app.models import STAFF, Account, Actor, ProjectMember, Role

Choices = tuple[tuple[UUID, str], ...]


@dataclass(frozen=True, slots=True)
class GroupedChoices:
    """Choices as (id, words): those of the project in `first`, all others in `others`."""

    first: Choices = ()
    others: Choices = ()

    def __len__(self) -> int:
        return len(self.first) + len(self.others)


def list_assignable(person: Actor, project_id: UUID | None) -> GroupedChoices:
    """The people to whom this person may assign a report, by name; project members come first."""
    is_member = ProjectMember.id.is_not(None)
    statement = (
        select(Account.id, Account.name, is_member.label("is_first"))
        .outerjoin(
            ProjectMember,
            (ProjectMember.account_id == Account.id) & (ProjectMember.project_id == project_id),
        )
        .where(Account.is_active, Account.role.in_(STAFF))
        .order_by(func.lower(Account.name), Account.id)
    )
    if person.role is Role.TECHNICIAN:
        statement = statement.where(Account.id == person.account_id)
    rows = db.session.execute(statement).all()
    return GroupedChoices(
        tuple((row.id, row.name) for row in rows if row.is_first),
        tuple((row.id, row.name) for row in rows if not row.is_first),
    )
