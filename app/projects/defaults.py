"""Changes the default checklists of a project, which the start form offers first."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app.checklists.queries import get_checklist
from app.errors import DomainError, NotFound
from app.evidence.service import record
from app.extensions import db
from app.locks import lock_row
from app.models import Actor, ChecklistStatus, Project, ProjectChecklist


class NotPublished(DomainError):
    """This checklist is not published, so no report can be started from it. Choose another one."""

    status = 422


def add_checklist(*, project_id: UUID, checklist_id: UUID, actor: Actor) -> None:
    """Append a checklist, unless it is already listed. Raises NotFound or NotPublished."""
    project = lock_row(Project, project_id)
    checklist = get_checklist(checklist_id)
    lines = _list_lines(project_id)
    if any(line.checklist_id == checklist_id for line in lines):
        return
    if checklist.status is not ChecklistStatus.PUBLISHED:
        raise NotPublished
    db.session.add(
        ProjectChecklist(
            project_id=project_id, checklist_id=checklist_id, position=_next_position(lines)
        )
    )
    record(
        "project.checklist_added", project, actor, checklist=str(checklist_id), code=checklist.code
    )


def remove_checklist(*, project_id: UUID, checklist_id: UUID, actor: Actor) -> None:
    """Take a checklist off the list; the checklist itself stays. Idempotent. Raises NotFound."""
    project = lock_row(Project, project_id)
    checklist = get_checklist(checklist_id)
    for line in _list_lines(project_id):
        if line.checklist_id == checklist_id:
            db.session.delete(line)
            record(
                "project.checklist_removed",
                project,
                actor,
                checklist=str(checklist_id),
                code=checklist.code,
            )


def move_checklist(*, project_id: UUID, checklist_id: UUID, up: bool, actor: Actor) -> None:
    """Swap a checklist with its neighbour. At either end of the list nothing changes.

    Raises NotFound.
    """
    project = lock_row(Project, project_id)
    lines = _list_lines(project_id)
    at = next((n for n, line in enumerate(lines) if line.checklist_id == checklist_id), None)
    if at is None:
        raise NotFound
    to = at - 1 if up else at + 1
    if not 0 <= to < len(lines):
        return
    lines[at], lines[to] = lines[to], lines[at]
    for position, line in enumerate(lines, start=1):
        line.position = position
    record(
        "project.checklists_ordered",
        project,
        actor,
        checklists=[str(line.checklist_id) for line in lines],
    )


def _list_lines(project_id: UUID) -> list[ProjectChecklist]:
    return list(
        db.session.scalars(
            select(ProjectChecklist)
            .where(ProjectChecklist.project_id == project_id)
            .order_by(ProjectChecklist.position, ProjectChecklist.id)
        )
    )


def _next_position(lines: list[ProjectChecklist]) -> int:
    return lines[-1].position + 1 if lines else 1
