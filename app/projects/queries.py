"""Finds projects, and the people and checklists that belong to one."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true

from app.extensions import db
from app.models import (
    OPEN_STATUSES,
    Account,
    Actor,
    Checklist,
    ChecklistStatus,
    Project,
    ProjectChecklist,
    ProjectGrant,
    ProjectMember,
    Report,
    Role,
    checklist_name,
)
from app.paging import Page, cut
from app.reports.queries import projects_open_to, visible_to
from app.rows import one_or_404
from app.web.locale import reader_language

Choices = tuple[tuple[UUID, str], ...]


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """One line of the list; the counts include only reports that the person may see."""

    id: UUID
    name: str
    client: str
    address: str
    reports: int
    open_reports: int


@dataclass(frozen=True, slots=True)
class ProjectPersonLine:
    """A member or a viewer of the project."""

    id: UUID
    name: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class DefaultChecklistLine:
    """A default checklist of the project; only published ones are offered for new reports."""

    id: UUID
    name: str
    code: str
    is_published: bool


def list_projects(
    *, person: Actor, search: str = "", archived: bool = False, page: int = 1, page_size: int
) -> Page[ProjectLine]:
    """List the active or the archived projects open to the person by name, in two queries."""
    is_archived = Project.archived_at.is_not(None)
    matching = (
        is_archived if archived else ~is_archived,
        projects_open_to(person),
        _matches_search(search),
    )
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
            Project.id,
            Project.name,
            Project.client,
            Project.address,
            func.coalesce(counts.c.reports, 0),
            func.coalesce(counts.c.open_reports, 0),
        )
        .outerjoin(counts, counts.c.project_id == Project.id)
        .where(*matching)
        .order_by(func.lower(Project.name), Project.id)
        .limit(at.size)
        .offset(at.offset)
    )
    return at.holding(ProjectLine(*row) for row in rows)


def get_project(project_id: UUID, *, person: Actor) -> Project:
    """Get a project that is open to the person or has a report that they may see.

    Raises NotFound.
    """
    has_report = select(Report.id).where(Report.project_id == Project.id, visible_to(person))
    statement = select(Project).where(
        Project.id == project_id, or_(projects_open_to(person), has_report.exists())
    )
    return one_or_404(statement)


def is_open_to(person: Actor, project_id: UUID) -> bool:
    """True if the person may start reports in the project, unless it is archived."""
    statement = select(Project.id).where(Project.id == project_id, projects_open_to(person))
    return db.session.scalar(statement) is not None


def list_members(project_id: UUID) -> tuple[ProjectPersonLine, ...]:
    """List the members by name. A project without members is open to all staff."""
    return _people(ProjectMember, project_id)


def list_viewers(project_id: UUID) -> tuple[ProjectPersonLine, ...]:
    """List the viewers who may read the project's finished reports, by name."""
    return _people(ProjectGrant, project_id)


def list_default_checklists(project_id: UUID) -> tuple[DefaultChecklistLine, ...]:
    """List the checklists that the start form offers first, in their order."""
    is_published = Checklist.status == ChecklistStatus.PUBLISHED
    rows = db.session.execute(
        select(Checklist.id, checklist_name(reader_language()), Checklist.code, is_published)
        .join(ProjectChecklist, ProjectChecklist.checklist_id == Checklist.id)
        .where(ProjectChecklist.project_id == project_id)
        .order_by(ProjectChecklist.position, ProjectChecklist.id)
    )
    return tuple(DefaultChecklistLine(*row) for row in rows)


def list_people_to_add(roles: tuple[Role, ...]) -> Choices:
    """List the active people with one of these roles, as (id, name) by name."""
    rows = db.session.execute(
        select(Account.id, Account.name)
        .where(Account.is_active, Account.role.in_(roles))
        .order_by(func.lower(Account.name), Account.id)
    )
    return tuple((row.id, row.name) for row in rows)


def list_published_checklists() -> Choices:
    """List the published checklists, as (id, label) by name."""
    name = checklist_name(reader_language()).label("name")
    rows = db.session.execute(
        select(Checklist.id, name, Checklist.code)
        .where(Checklist.status == ChecklistStatus.PUBLISHED)
        .order_by(name, Checklist.code)
    )
    return tuple((row.id, f"{row.name} ({row.code})") for row in rows)


def _people(
    link: type[ProjectMember] | type[ProjectGrant], project_id: UUID
) -> tuple[ProjectPersonLine, ...]:
    rows = db.session.execute(
        select(Account.id, Account.name, Account.is_active)
        .join(link, link.account_id == Account.id)
        .where(link.project_id == project_id)
        .order_by(func.lower(Account.name), Account.id)
    )
    return tuple(ProjectPersonLine(*row) for row in rows)


def _matches_search(search: str) -> ColumnElement[bool]:
    words = search.strip()
    if not words:
        return true()
    columns = (Project.name, Project.client, Project.address)
    return or_(*(column.icontains(words, autoescape=True) for column in columns))
