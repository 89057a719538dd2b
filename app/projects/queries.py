"""Reading projects and their equipment."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true

from app.errors import NotFound
from app.extensions import db
from app.models import OPEN_STATUSES, Actor, Equipment, Project, Report
from app.reports.queries import visible_to


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
class ProjectPage:
    """One page of the list; `page` counts from 1 and `total` all projects that match."""

    lines: tuple[ProjectLine, ...]
    page: int
    pages: int
    total: int


def list_projects(*, person: Actor, search: str = "", page: int = 1, page_size: int) -> ProjectPage:
    """The projects by name, in two queries however many there are."""
    matching = (Project.archived_at.is_(None), _found_by(search))
    total = db.session.scalar(select(func.count(Project.id)).where(*matching)) or 0
    pages = max(1, -(-total // page_size))
    page = min(max(page, 1), pages)
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
        .limit(page_size)
        .offset((page - 1) * page_size)
    )  # fmt: skip
    return ProjectPage(tuple(ProjectLine(*row) for row in rows), page, pages, total)


def get_project(project_id: UUID) -> Project:
    """Raises NotFound."""
    project = db.session.scalars(select(Project).where(Project.id == project_id)).one_or_none()
    if project is None:
        raise NotFound
    return project


def list_equipment(project_id: UUID) -> list[Equipment]:
    """The assets of a project, by tag."""
    statement = select(Equipment).where(Equipment.project_id == project_id)
    return list(db.session.scalars(statement.order_by(Equipment.tag)))


def _found_by(search: str) -> ColumnElement[bool]:
    words = search.strip()
    if not words:
        return true()
    columns = (Project.name, Project.client, Project.address)
    return or_(*(column.icontains(words, autoescape=True) for column in columns))
