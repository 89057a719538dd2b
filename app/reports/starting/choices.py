"""The choices of a person who starts a report."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from app.extensions import db
from app.models import (
    Actor,
    Checklist,
    ChecklistStatus,
    Equipment,
    Project,
    ProjectChecklist,
    checklist_name,
)
from app.reports.assigning.choices import Choices, GroupedChoices, list_assignable
from app.reports.queries import projects_open_to
from app.web.locale import reader_language


@dataclass(frozen=True, slots=True)
class StartChoices:
    """What a person may start a report from; projects are sorted by name."""

    checklists: GroupedChoices
    projects: Choices
    people: GroupedChoices


def list_start_choices(person: Actor, project_id: UUID | None = None) -> StartChoices:
    """Projects open to the person, published checklists, and possible assignees.

    Checklists and members of the project with this id come first.
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


def list_equipment_tags(project_id: UUID, *, person: Actor) -> list[str]:
    """The tags of a project's equipment, suggested while a tag is typed."""
    return list(
        db.session.scalars(
            select(Equipment.tag)
            .join(Project, Project.id == Equipment.project_id)
            .where(Equipment.project_id == project_id, projects_open_to(person))
            .order_by(Equipment.tag)
        )
    )


def _published_checklists(project_id: UUID | None) -> GroupedChoices:
    position = ProjectChecklist.position
    name = checklist_name(reader_language()).label("name")
    rows = db.session.execute(
        select(Checklist.id, name, Checklist.code, position.label("position"))
        .outerjoin(
            ProjectChecklist,
            (ProjectChecklist.checklist_id == Checklist.id)
            & (ProjectChecklist.project_id == project_id),
        )
        .where(Checklist.status == ChecklistStatus.PUBLISHED)
        .order_by(position.nulls_last(), name, Checklist.code)
    ).all()
    return GroupedChoices(
        tuple((row.id, f"{row.name} ({row.code})") for row in rows if row.position is not None),
        tuple((row.id, f"{row.name} ({row.code})") for row in rows if row.position is None),
    )
