"""Who fills in a report and until when: handing it over, handing all of somebody's over, due days.

Starting a report is service.py's; who may see a report afterwards is decided in queries.py.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.errors import DomainError, NotAllowed
from app.evidence.service import record
from app.extensions import db
from app.mail.service import mail_about_report
from app.models import (
    MANAGERS,
    OPEN_STATUSES,
    STAFF,
    Account,
    Actor,
    MailKind,
    Report,
    Tenant,
)
from app.reports.locking import lock_open_report
from app.tenancy import require_tenant


class NotAssignable(DomainError):
    """This person cannot fill in reports. Choose another one."""

    status = 422


class DueDayOver(DomainError):
    """%(day)s is over already. Choose today or a later day, or leave the due day empty."""

    status = 422


def assign_report(*, report_id: UUID, assignee_id: UUID, actor: Actor) -> Report:
    """Hand an open report to another person, who is told by mail.

    Handed to the person who has it already, it stays as it is. Raises NotAllowed, NotAssignable,
    NotFound, ReportClosed.
    """
    _refuse_others(actor)
    assignee = lock_assignee(assignee_id)
    report = lock_open_report(report_id, actor=actor)
    _hand_over(report, assignee, actor)
    return report


def reassign_open_reports(
    *, from_account_id: UUID, to_account_id: UUID, actor: Actor
) -> int:  # fmt: skip
    """Hand all open reports of one person to another; returns how many there were.

    Each is audited and told of by itself. Raises NotAllowed, NotAssignable.
    """
    _refuse_others(actor)
    assignee = lock_assignee(to_account_id)
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
    """The day until which an open report should be submitted, or None for no such day.

    A day that is over may stay, not be chosen. Raises NotAllowed, DueDayOver, NotFound,
    ReportClosed.
    """
    _refuse_others(actor)
    report = lock_open_report(report_id, actor=actor)
    if report.due_on == due_on:
        return report
    refuse_day_over(due_on)
    _note("due_changed", report, actor, old=_day(report.due_on), new=_day(due_on))
    report.due_on = due_on
    return report


def lock_assignee(account_id: UUID) -> Account:
    """The person, who stays active until the transaction ends. Raises NotAssignable."""
    person = db.session.scalars(
        select(Account)
        .where(Account.id == account_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if person is None or not person.is_active or person.role not in STAFF:
        raise NotAssignable
    return person


def tell_assignee(report: Report, assignee: Account, actor: Actor) -> None:
    """A mail to whoever gets a report from somebody else."""
    if assignee.id != actor.account_id:
        mail_about_report(MailKind.REPORT_ASSIGNED, assignee, report_id=report.id)


def company_today() -> date:
    """The day it is by the company's clock, which due days are counted by."""
    zone = db.session.scalar(select(Tenant.time_zone).where(Tenant.id == require_tenant()))
    return datetime.now(ZoneInfo(zone or "UTC")).date()


def refuse_day_over(due_on: date | None) -> None:
    """Raises DueDayOver."""
    if due_on is not None and due_on < company_today():
        raise DueDayOver(day=due_on.isoformat())


def _hand_over(report: Report, assignee: Account, actor: Actor) -> None:
    if report.assignee_id == assignee.id:
        return
    old = db.session.scalars(select(Account.name).where(Account.id == report.assignee_id)).one()
    _note("assigned", report, actor, old=old, new=assignee.name, assignee=str(assignee.id))
    report.assignee_id = assignee.id
    db.session.flush()
    tell_assignee(report, assignee, actor)


def _refuse_others(actor: Actor) -> None:
    if actor.role not in MANAGERS:
        raise NotAllowed


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _note(verb: str, report: Report, actor: Actor, **facts: str | None) -> None:
    record(
        action=f"report.{verb}",
        actor=actor,
        object_type="report",
        object_id=report.id,
        number=report.number,
        revision=str(report.revision),
        **facts,
    )
