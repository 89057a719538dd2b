"""Starts a report from the newest version of a checklist."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.errors import DomainError, NotAllowed, NotFound
from app.evidence.service import record
from app.extensions import db
from app.models import (
    Account,
    Actor,
    Checklist,
    ChecklistStatus,
    Equipment,
    Project,
    Report,
    Role,
    Version,
)
from app.plans.limits import get_photo_limit, require_room_for_report
from app.reports.assigning.service import (
    NotAssignable,
    lock_assignee,
    require_day_not_past,
)
from app.reports.lifecycle import ReportEvent, announce
from app.reports.queries import projects_open_to
from app.rows import one_or_404
from app.tenancy import require_tenant


class ChecklistNotPublished(DomainError):
    """This checklist has no published version, so no report can be started from it yet."""

    status = 422


class ProjectClosed(DomainError):
    """This project is archived. Choose another one."""

    status = 422


def start_report(
    *,
    checklist_id: UUID,
    project_id: UUID,
    title: str,
    actor: Actor,
    equipment_tag: str = "",
    assignee_id: UUID | None = None,
    client_id: UUID | None = None,
    due_on: date | None = None,
) -> Report:
    """Start a draft of the newest published version. A repeated client id returns the same report.

    An unknown equipment tag is added to the project. The actor is the default assignee; another
    assignee is notified. Raises NotFound, ChecklistNotPublished, ProjectClosed, NotAssignable,
    NotAllowed, DueDayPassed, LimitReached.
    """
    version = _lock_newest_version(checklist_id)
    if earlier := _find_started(client_id, actor):
        return earlier
    project = _get_open_project(project_id, actor)
    require_day_not_past(due_on)
    assignee = _get_assignee(assignee_id, actor)
    photo_limit = get_photo_limit(version.definition)
    require_room_for_report()
    equipment = _equipment_of(project, equipment_tag) if equipment_tag else None
    report = Report(
        version_id=version.id,
        project_id=project.id,
        equipment_id=equipment.id if equipment else None,
        number=_take_number(checklist_id),
        title=title,
        started_by=actor.account_id,
        assignee_id=assignee.id,
        client_id=client_id,
        due_on=due_on,
        photo_limit=photo_limit,
    )
    db.session.add(report)
    db.session.flush()  # the database sets its revision
    record(
        "report.started",
        report,
        actor,
        **report.named,
        title=title,
        project=project.name,
        version=str(version.number),
        assignee=assignee.name,
        equipment=equipment.tag if equipment else None,
        due=due_on.isoformat() if due_on else None,
    )
    announce(ReportEvent.ASSIGNED, report, actor=actor)
    return report


def _lock_newest_version(checklist_id: UUID) -> Version:
    """The version to start from. Locks its checklist, so that a form that is sent twice waits here
    and then finds the report of the first request."""
    status = db.session.scalar(
        select(Checklist.status).where(Checklist.id == checklist_id).with_for_update(key_share=True)
    )
    if status is None:
        raise NotFound
    version = db.session.scalars(
        select(Version)
        .where(Version.checklist_id == checklist_id, Version.published_at.is_not(None))
        .order_by(Version.number.desc())
        .limit(1)
    ).one_or_none()
    if version is None or status is not ChecklistStatus.PUBLISHED:
        raise ChecklistNotPublished
    return version


def _find_started(client_id: UUID | None, actor: Actor) -> Report | None:
    if client_id is None:
        return None
    return db.session.scalars(
        select(Report).where(Report.client_id == client_id, Report.started_by == actor.account_id)
    ).one_or_none()


def _get_open_project(project_id: UUID, actor: Actor) -> Project:
    """Lock the project, so that it stays open until the transaction ends."""
    project = one_or_404(
        select(Project)
        .where(Project.id == project_id, projects_open_to(actor))
        .with_for_update(read=True, of=Project)
        .execution_options(populate_existing=True)
    )
    if project.archived_at is not None:
        raise ProjectClosed
    return project


def _get_assignee(assignee_id: UUID | None, actor: Actor) -> Account:
    """Technicians start reports for themselves; managers may assign them to somebody else."""
    chosen = assignee_id or actor.account_id
    if chosen != actor.account_id and actor.role is Role.TECHNICIAN:
        raise NotAllowed
    if chosen is None:
        raise NotAssignable
    return lock_assignee(chosen)


def _equipment_of(project: Project, tag: str) -> Equipment:
    """The project's equipment with this tag, created if it is new."""
    db.session.execute(
        insert(Equipment)
        .values(tenant_id=require_tenant(), project_id=project.id, tag=tag)
        .on_conflict_do_nothing()
    )
    statement = select(Equipment).where(Equipment.project_id == project.id, Equipment.tag == tag)
    return db.session.scalars(statement).one()


def _take_number(checklist_id: UUID) -> str:
    """`<code>-0001`, `<code>-0002`, ...; a single statement, so that no number is used twice."""
    code, number = db.session.execute(
        update(Checklist)
        .where(Checklist.id == checklist_id)
        .values(last_report_number=Checklist.last_report_number + 1)
        .returning(Checklist.code, Checklist.last_report_number)
        .execution_options(synchronize_session=False)
    ).one()
    return f"{code}-{number:04}"
