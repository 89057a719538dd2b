"""Reads reports. Every query takes the person or the witness: only this module decides who may see
what."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import joinedload

from app.errors import DomainError
from app.models import (
    FINISHED_STATUSES,
    MANAGERS,
    Actor,
    Project,
    ProjectGrant,
    ProjectMember,
    Report,
    ReportStatus,
    Role,
    Version,
    Witness,
)
from app.prepared import bound
from app.rows import one_or_404


class ReportClosed(DomainError):
    """Report %(number)s is closed and accepts no more changes. Corrections require a new
    revision."""

    status = 409


class ReportInReview(ReportClosed):
    """Report %(number)s was submitted and waits for its review, so it accepts no changes now. It
    does again if it is returned or withdrawn."""


def closed_error(status: ReportStatus, number: str) -> ReportClosed:
    """Why a report that is not open takes no changes."""
    refusal = ReportInReview if status is ReportStatus.SUBMITTED else ReportClosed
    return refusal(number=number)


def any_person(role: Role | None) -> Actor:
    """Stands for the person of a prepared statement, who is given as `account_id`."""
    return Actor("", role, bound("account_id"))


def visible_to(person: Actor) -> ColumnElement[bool]:
    """The condition on reports that this person may see."""
    shown = Report.discarded_at.is_(None)
    if person.role in MANAGERS:
        return and_(shown, true())
    if person.role is Role.TECHNICIAN:
        mine = or_(Report.started_by == person.account_id, Report.assignee_id == person.account_id)
        return and_(shown, mine)
    if person.role is Role.VIEWER:
        finished = Report.status.in_(FINISHED_STATUSES)
        return and_(shown, finished, Report.project_id.in_(granted_projects(person)))
    return false()


def projects_open_to(person: Actor) -> ColumnElement[bool]:
    """The condition on projects that this person sees in lists and may start reports in.

    A project without members is open to all staff, one with members to them and the managers.
    """
    if person.role in MANAGERS:
        return true()
    members = select(ProjectMember.id).where(ProjectMember.project_id == Project.id)
    if person.role is Role.TECHNICIAN:
        is_member = members.where(ProjectMember.account_id == person.account_id).exists()
        return or_(~members.exists(), is_member)
    if person.role is Role.VIEWER:
        return Project.id.in_(granted_projects(person))
    return false()


def granted_projects(person: Actor) -> Select[UUID]:
    """The ids of the projects whose finished reports a viewer may read."""
    return select(ProjectGrant.project_id).where(ProjectGrant.account_id == person.account_id)


def visible_reports(person: Actor) -> Select[Report]:
    return select(Report).where(visible_to(person))


def get_report(report_id: UUID, *, person: Actor) -> Report:
    """The report with its version, checklist, project and people. Raises NotFound."""
    return one_or_404(_whole(visible_reports(person).where(Report.id == report_id)))


def shown_to(witness: Witness) -> Select[Report]:
    """The one report that a witness sees, for as long as it is not discarded. Whether the link is
    still open is for app/witnessing to say."""
    return select(Report).where(Report.id == witness.report_id, Report.discarded_at.is_(None))


def get_witnessed_report(witness: Witness) -> Report:
    """Like `get_report`, for the witness's report. Raises NotFound."""
    return one_or_404(_whole(shown_to(witness)))


# Built once: nearly every page of a report loads it.
_PARTS = (
    joinedload(Report.version).joinedload(Version.checklist),
    joinedload(Report.project),
    joinedload(Report.equipment),
    joinedload(Report.starter),
    joinedload(Report.assignee),
)


def _whole(reports: Select[Report]) -> Select[Report]:
    return reports.options(*_PARTS)


def get_open_report(report_id: UUID, *, person: Actor) -> Report:
    """A report that still takes answers, photos and signatures. Raises NotFound, ReportClosed."""
    report = get_report(report_id, person=person)
    if not report.is_open:
        raise closed_error(report.status, report.number)
    return report
