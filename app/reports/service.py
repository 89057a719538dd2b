"""The life of a report outside its filling: start it, discard it, archive it.

Answers, photos, signatures and the submit have modules of their own.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.company.limits import require_room_for_report, take_photo_limit
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
    ReportStatus,
    Role,
    Version,
)
from app.reports.assigning import NotAssignable, lock_assignee, refuse_day_over, tell_assignee
from app.reports.locking import lock_open_report, lock_report
from app.reports.queries import projects_open_to
from app.tenancy import require_tenant


class ChecklistNotPublished(DomainError):
    """This checklist has no published version, so no report can start from it yet."""

    status = 422


class ProjectClosed(DomainError):
    """This project is archived. Choose another one."""

    status = 422


class NotCompleted(DomainError):
    """Report %(number)s is not completed yet, so it cannot be archived."""

    status = 409


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
    """A draft of the newest published version; sent again under its client id, the same report.

    An unknown equipment tag is added to the project. Without an assignee it is the actor's own;
    given to somebody else, they are told. Raises NotFound, ChecklistNotPublished, ProjectClosed,
    NotAssignable, NotAllowed, DueDayOver, LimitReached.
    """
    version = _lock_newest_version(checklist_id)
    if earlier := _find_started(client_id, actor):
        return earlier
    project = _get_open_project(project_id, actor)
    refuse_day_over(due_on)
    assignee = _get_assignee(assignee_id, actor)
    photo_limit = take_photo_limit(version.definition)
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
    _record(
        "started", report, actor,
        title=title, project=project.name, version=str(version.number), assignee=assignee.name,
        equipment=equipment.tag if equipment else None,
        due=due_on.isoformat() if due_on else None,
    )  # fmt: skip
    tell_assignee(report, assignee, actor)
    return report


def discard_report(*, report_id: UUID, actor: Actor) -> Report:
    """Hide an unsubmitted report; what was entered and its history stay stored.

    Raises NotFound, ReportClosed.
    """
    report = lock_open_report(report_id, actor=actor)
    report.discarded_at = datetime.now(UTC)
    _record("discarded", report, actor, status=report.status.value)
    return report


def archive_report(*, report_id: UUID, actor: Actor) -> Report:
    """Put a completed report away; archived already, it stays as it is.

    Raises NotFound, NotCompleted.
    """
    report = lock_report(report_id, actor=actor)
    if report.status is ReportStatus.ARCHIVED:
        return report
    if report.status is not ReportStatus.COMPLETED:
        raise NotCompleted(number=report.number)
    report.status = ReportStatus.ARCHIVED
    report.archived_at = datetime.now(UTC)
    _record("archived", report, actor)
    return report


def _lock_newest_version(checklist_id: UUID) -> Version:
    """The version to start from, its checklist locked so that a form sent twice waits here."""
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
    """The project, which stays open until the transaction ends."""
    project = db.session.scalars(
        select(Project)
        .where(Project.id == project_id, projects_open_to(actor))
        .with_for_update(read=True, of=Project)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if project is None:
        raise NotFound
    if project.archived_at is not None:
        raise ProjectClosed
    return project


def _get_assignee(assignee_id: UUID | None, actor: Actor) -> Account:
    """A technician works on their own account; managers may give the report to somebody else."""
    wanted = assignee_id or actor.account_id
    if wanted != actor.account_id and actor.role is Role.TECHNICIAN:
        raise NotAllowed
    if wanted is None:
        raise NotAssignable
    return lock_assignee(wanted)


def _equipment_of(project: Project, tag: str) -> Equipment:
    """The project's asset with this tag, made when it is new."""
    db.session.execute(
        insert(Equipment)
        .values(tenant_id=require_tenant(), project_id=project.id, tag=tag)
        .on_conflict_do_nothing()
    )
    statement = select(Equipment).where(Equipment.project_id == project.id, Equipment.tag == tag)
    return db.session.scalars(statement).one()


def _take_number(checklist_id: UUID) -> str:
    """`<code>-0001`, `<code>-0002`, ...: one statement, so no number is given twice."""
    code, number = db.session.execute(
        update(Checklist)
        .where(Checklist.id == checklist_id)
        .values(last_report_number=Checklist.last_report_number + 1)
        .returning(Checklist.code, Checklist.last_report_number)
        .execution_options(synchronize_session=False)
    ).one()
    return f"{code}-{number:04}"


def _record(verb: str, report: Report, actor: Actor, **facts: object) -> None:
    db.session.flush()
    record(
        action=f"report.{verb}",
        actor=actor,
        object_type="report",
        object_id=report.id,
        number=report.number,
        revision=str(report.revision),
        **facts,
    )
