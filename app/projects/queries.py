"""Finding projects, and the people, checklists and equipment that belong to one."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true

from app.errors import NotFound
from app.extensions import db
from app.models import (
    OPEN_STATUSES,
    Account,
    Actor,
    Checklist,
    ChecklistStatus,
    Equipment,
    Project,
    ProjectChecklist,
    ProjectGrant,
    ProjectMember,
    Report,
    Role,
)
from app.paging import Page, cut
from app.reports.queries import projects_open_to, visible_to

Choices = tuple[tuple[UUID, str], ...]


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """One line of the list; counts only the reports that the person may see."""

    id: UUID
    name: str
    client: str
    address: str
    reports: int
    open_reports: int


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody who works on the project or reads its reports."""

    id: UUID
    name: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """A checklist of the project; only a published one is offered for a new report."""

    id: UUID
    name: str
    code: str
    is_published: bool


@dataclass(frozen=True, slots=True)
class EquipmentLine:
    """An asset; `reports` counts all that hang on it, whoever may see them."""

    id: UUID
    tag: str
    name: str
    reports: int


def list_projects(
    *, person: Actor, search: str = "", archived: bool = False, page: int = 1, page_size: int
) -> Page[ProjectLine]:
    """The projects open to the person by name, active or archived ones, in two queries."""
    is_archived = Project.archived_at.is_not(None)
    matching = (
        is_archived if archived else ~is_archived, projects_open_to(person), _found_by(search),
    )  # fmt: skip
    total = db.session.scalar(select(func.count(Project.id)).where(*matching)) or 0
    at = cut(total, page, page_size)
    counts = (
        select(
            Report.project_id,
            func.count().label("reports"),
            func.count().filter(Report.status.in_(OPEN_STATUSES)).label("open_reports"),
        )
        .where(visible_to(person))
        .group_by(Report.project_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            Project.id, Project.name, Project.client, Project.address,
            func.coalesce(counts.c.reports, 0), func.coalesce(counts.c.open_reports, 0),
        )
        .outerjoin(counts, counts.c.project_id == Project.id)
        .where(*matching)
        .order_by(func.lower(Project.name), Project.id)
        .limit(at.size)
        .offset(at.offset)
    )  # fmt: skip
    return at.holding(ProjectLine(*row) for row in rows)


def get_project(project_id: UUID, *, person: Actor) -> Project:
    """One that is open to the person, or that a report stands in which they see.

    Raises NotFound.
    """
    has_report = select(Report.id).where(Report.project_id == Project.id, visible_to(person))
    statement = select(Project).where(
        Project.id == project_id, or_(projects_open_to(person), has_report.exists())
    )
    project = db.session.scalars(statement).one_or_none()
    if project is None:
        raise NotFound
    return project


def is_open_to(person: Actor, project_id: UUID) -> bool:
    """Whether the person may start reports there while it is not archived."""
    statement = select(Project.id).where(Project.id == project_id, projects_open_to(person))
    return db.session.scalar(statement) is not None


def get_equipment(project_id: UUID, equipment_id: UUID) -> Equipment:
    """Raises NotFound."""
    equipment = db.session.scalars(
        select(Equipment).where(Equipment.id == equipment_id, Equipment.project_id == project_id)
    ).one_or_none()
    if equipment is None:
        raise NotFound
    return equipment


def list_equipment(project_id: UUID) -> tuple[EquipmentLine, ...]:
    """The assets of a project, by tag."""
    reports = (
        select(func.count(Report.id))
        .where(Report.equipment_id == Equipment.id)
        .correlate(Equipment)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Equipment.id, Equipment.tag, Equipment.name, reports)
        .where(Equipment.project_id == project_id)
        .order_by(Equipment.tag)
    )
    return tuple(EquipmentLine(*row) for row in rows)


def list_members(project_id: UUID) -> tuple[PersonLine, ...]:
    """Who works on the project, by name; nobody means that it is open to all staff."""
    return _people(ProjectMember, project_id)


def list_viewers(project_id: UUID) -> tuple[PersonLine, ...]:
    """The viewers who may read the project's finished reports, by name."""
    return _people(ProjectGrant, project_id)


def list_default_checklists(project_id: UUID) -> tuple[ChecklistLine, ...]:
    """The checklists that the start form offers first, in their order."""
    is_published = Checklist.status == ChecklistStatus.PUBLISHED
    rows = db.session.execute(
        select(Checklist.id, Checklist.name, Checklist.code, is_published)
        .join(ProjectChecklist, ProjectChecklist.checklist_id == Checklist.id)
        .where(ProjectChecklist.project_id == project_id)
        .order_by(ProjectChecklist.position, ProjectChecklist.id)
    )
    return tuple(ChecklistLine(*row) for row in rows)


def list_people_to_add(roles: tuple[Role, ...]) -> Choices:
    """Everybody active with one of these roles, as (id, name) by name."""
    rows = db.session.execute(
        select(Account.id, Account.name)
        .where(Account.is_active, Account.role.in_(roles))
        .order_by(func.lower(Account.name), Account.id)
    )
    return tuple((row.id, row.name) for row in rows)


def list_published_checklists() -> Choices:
    """Every published checklist, as (id, words) by name."""
    rows = db.session.execute(
        select(Checklist.id, Checklist.name, Checklist.code)
        .where(Checklist.status == ChecklistStatus.PUBLISHED)
        .order_by(Checklist.name, Checklist.code)
    )
    return tuple((row.id, f"{row.name} ({row.code})") for row in rows)


def _people(
    link: type[ProjectMember] | type[ProjectGrant], project_id: UUID
) -> tuple[PersonLine, ...]:
    rows = db.session.execute(
        select(Account.id, Account.name, Account.is_active)
        .join(link, link.account_id == Account.id)
        .where(link.project_id == project_id)
        .order_by(func.lower(Account.name), Account.id)
    )
    return tuple(PersonLine(*row) for row in rows)


def _found_by(search: str) -> ColumnElement[bool]:
    words = search.strip()
    if not words:
        return true()
    columns = (Project.name, Project.client, Project.address)
    return or_(*(column.icontains(words, autoescape=True) for column in columns))
