"""Reassigns one report or all open reports of a person, and sets due days.

starting/service.py starts reports; queries.py decides who may see them.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select

from app.errors import DomainError, NotAllowed
from app.evidence.service import record
from app.extensions import db
from app.models import (
    MANAGERS,
    OPEN_STATUSES,
    STAFF,
    Account,
    Actor,
    Report,
)
from app.reports.lifecycle import ReportEvent, announce
from app.reports.locking import lock_open_report
from app.rows import company_today, own_tenant


class NotAssignable(DomainError):
    """This person cannot fill in reports. Choose someone else."""

    status = 422


class DueDayPassed(DomainError):
    """%(day)s is in the past. Choose today or a later day, or leave the due date empty."""

    status = 422


def assign_report(*, report_id: UUID, assignee_id: UUID, actor: Actor) -> Report:
    """Reassign an open report and notify the new assignee.

    Nothing changes if the person is already the assignee. Raises NotAllowed, NotAssignable,
    NotFound, ReportClosed.
    """
    _require_manager(actor)
    assignee = lock_assignee(assignee_id)
    report = lock_open_report(report_id, actor=actor)
    _hand_over(report, assignee, actor)
    return report


def reassign_open_reports(*, from_account_id: UUID, to_account_id: UUID, actor: Actor) -> int:
    """Reassign all open reports of one person to another; returns their number.

    Each has its own audit entry and notification. Raises NotAllowed, NotAssignable.
    """
    _require_manager(actor)
    assignee = lock_assignee(to_account_id)
    # Locked in the order of their ids, so that two such requests cannot deadlock.
    reports = db.session.scalars(
        select(Report)
        .where(
            Report.assignee_id == from_account_id,
            Report.status.in_(OPEN_STATUSES),
            Report.discarded_at.is_(None),
        )
        .order_by(Report.id)
        .with_for_update(of=Report, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    for report in reports:
        _hand_over(report, assignee, actor)
    return len(reports)


def set_due_date(*, report_id: UUID, due_on: date | None, actor: Actor) -> Report:
    """Set the day until which an open report should be submitted; None removes it.

    A day in the past may stay unchanged but not be set. Raises NotAllowed, DueDayPassed, NotFound,
    ReportClosed.
    """
    _require_manager(actor)
    report = lock_open_report(report_id, actor=actor)
    if report.due_on == due_on:
        return report
    require_day_not_past(due_on)
    record(
        "report.due_changed",
        report,
        actor,
        **report.named,
        old=_day(report.due_on),
        new=_day(due_on),
    )
    report.due_on = due_on
    return report


def lock_assignee(account_id: UUID) -> Account:
    """Lock the person, who thus stays active until the transaction ends. Raises NotAssignable."""
    person = db.session.scalars(
        select(Account)
        .where(Account.id == account_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if person is None or not person.is_active or person.role not in STAFF:
        raise NotAssignable
    return person


def require_day_not_past(due_on: date | None) -> None:
    """Raise DueDayPassed if the day is in the past."""
    if due_on is not None and due_on < company_today(own_tenant()):
        raise DueDayPassed(day=due_on.isoformat())


def _hand_over(report: Report, assignee: Account, actor: Actor) -> None:
    if report.assignee_id == assignee.id:
        return
    old = db.session.scalars(select(Account.name).where(Account.id == report.assignee_id)).one()
    record(
        "report.assigned",
        report,
        actor,
        **report.named,
        old=old,
        new=assignee.name,
        assignee=str(assignee.id),
    )
    report.assignee_id = assignee.id
    db.session.flush()
    announce(ReportEvent.ASSIGNED, report, actor=actor)


def _require_manager(actor: Actor) -> None:
    if actor.role not in MANAGERS:
        raise NotAllowed


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
