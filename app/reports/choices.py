"""What a person may choose from: to start a report, and to hand one over."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from app.extensions import db
from app.models import (
    STAFF,
    Account,
    Actor,
    Checklist,
    ChecklistStatus,
    Equipment,
    Project,
    ProjectChecklist,
    ProjectMember,
    Role,
)
from app.reports.queries import projects_open_to

Choices = tuple[tuple[UUID, str], ...]


@dataclass(frozen=True, slots=True)
class Grouped:
    """Choices as (id, words): those that belong to the project, then all others."""

    first: Choices = ()
    others: Choices = ()

    def __len__(self) -> int:
        return len(self.first) + len(self.others)


@dataclass(frozen=True, slots=True)
class StartChoices:
    """What a person may start a report from; projects by name."""

    checklists: Grouped
    projects: Choices
    people: Grouped


def list_start_choices(person: Actor, project_id: UUID | None = None) -> StartChoices:
    """Projects open to the person, published checklists, and who may be the assignee.

    The checklists and the members of the project with this id come first.
    """
    projects = db.session.execute(
        select(Project.id, Project.name)
        .where(Project.archived_at.is_(None), projects_open_to(person))
        .order_by(func.lower(Project.name))
    )
    return StartChoices(
        checklists=_published_checklists(project_id),
        projects=tuple((row.id, row.name) for row in projects),
        people=list_assignable(person, project_id),
    )


def list_assignable(person: Actor, project_id: UUID | None) -> Grouped:
    """Whom this person may give a report to, by name; the project's members come first."""
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
    return Grouped(
        tuple((row.id, row.name) for row in rows if row.is_first),
        tuple((row.id, row.name) for row in rows if not row.is_first),
    )


def list_equipment_tags(project_id: UUID, *, person: Actor) -> list[str]:
    """The tags of a project's assets, to suggest while one is typed."""
    return list(
        db.session.scalars(
            select(Equipment.tag)
            .join(Project, Project.id == Equipment.project_id)
            .where(Equipment.project_id == project_id, projects_open_to(person))
            .order_by(Equipment.tag)
        )
    )


def _published_checklists(project_id: UUID | None) -> Grouped:
    position = ProjectChecklist.position
    rows = db.session.execute(
        select(Checklist.id, Checklist.name, Checklist.code, position.label("position"))
        .outerjoin(
            ProjectChecklist,
            (ProjectChecklist.checklist_id == Checklist.id)
            & (ProjectChecklist.project_id == project_id),
        )
        .where(Checklist.status == ChecklistStatus.PUBLISHED)
        .order_by(position.nulls_last(), Checklist.name, Checklist.code)
    ).all()
    return Grouped(
        tuple((row.id, f"{row.name} ({row.code})") for row in rows if row.position is not None),
        tuple((row.id, f"{row.name} ({row.code})") for row in rows if row.position is None),
    )
