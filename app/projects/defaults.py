"""Changing the list of checklists that a project uses: the start form offers them first."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app.errors import DomainError, NotFound
from app.extensions import db
from app.models import Actor, Checklist, ChecklistStatus, ProjectChecklist
from app.projects.service import lock_project, project_note


class NotPublished(DomainError):
    """This checklist is not published, so no report can start from it. Choose another one."""

    status = 422


def add_checklist(*, project_id: UUID, checklist_id: UUID, actor: Actor) -> None:
    """At the end of the list; there already, nothing changes. Raises NotFound or NotPublished."""
    project = lock_project(project_id)
    checklist = _get_checklist(checklist_id)
    lines = _lines(project_id)
    if any(line.checklist_id == checklist_id for line in lines):
        return
    if checklist.status is not ChecklistStatus.PUBLISHED:
        raise NotPublished
    db.session.add(
        ProjectChecklist(
            project_id=project_id, checklist_id=checklist_id, position=_next_position(lines)
        )
    )
    project_note(
        "checklist_added", project, actor, checklist=str(checklist_id), code=checklist.code
    )


def remove_checklist(*, project_id: UUID, checklist_id: UUID, actor: Actor) -> None:
    """The checklist itself stays; not on the list, nothing changes. Raises NotFound."""
    project = lock_project(project_id)
    checklist = _get_checklist(checklist_id)
    for line in _lines(project_id):
        if line.checklist_id == checklist_id:
            db.session.delete(line)
            project_note(
                "checklist_removed", project, actor,
                checklist=str(checklist_id), code=checklist.code,
            )  # fmt: skip


def move_checklist(*, project_id: UUID, checklist_id: UUID, up: bool, actor: Actor) -> None:
    """Change places with the neighbour; at the end of the list nothing changes.

    Raises NotFound.
    """
    project = lock_project(project_id)
    lines = _lines(project_id)
    at = next((n for n, line in enumerate(lines) if line.checklist_id == checklist_id), None)
    if at is None:
        raise NotFound
    to = at - 1 if up else at + 1
    if not 0 <= to < len(lines):
        return
    lines[at], lines[to] = lines[to], lines[at]
    for position, line in enumerate(lines, start=1):
        line.position = position
    project_note(
        "checklists_ordered", project, actor,
        checklists=[str(line.checklist_id) for line in lines],
    )  # fmt: skip


def _lines(project_id: UUID) -> list[ProjectChecklist]:
    return list(
        db.session.scalars(
            select(ProjectChecklist)
            .where(ProjectChecklist.project_id == project_id)
            .order_by(ProjectChecklist.position, ProjectChecklist.id)
        )
    )


def _next_position(lines: list[ProjectChecklist]) -> int:
    return lines[-1].position + 1 if lines else 1


def _get_checklist(checklist_id: UUID) -> Checklist:
    checklist = db.session.scalars(
        select(Checklist).where(Checklist.id == checklist_id)
    ).one_or_none()
    if checklist is None:
        raise NotFound
    return checklist
