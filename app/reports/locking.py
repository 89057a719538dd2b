"""Taking a report for a change: one writer a report at a time, for the length of a transaction.

Every verb that changes what a report says begins here, so that two saves, a save and a submit,
or two submits follow each other instead of racing.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import defer, joinedload

from app.errors import NotFound
from app.extensions import db
from app.models import Actor, Report, Version
from app.reports.queries import ReportClosed, visible_reports


def lock_report(report_id: UUID, *, actor: Actor) -> Report:
    """The report with its version, checklist and project, locked until the transaction ends.

    Waits for whoever holds it. Raises NotFound where the actor may not see it.
    """
    version = joinedload(Report.version, innerjoin=True)
    report = db.session.scalars(
        visible_reports(actor)
        .where(Report.id == report_id)
        # The body is read only for a definition that this process does not hold yet.
        .options(
            version.options(defer(Version.body), joinedload(Version.checklist)),
            joinedload(Report.project, innerjoin=True),
        )
        .with_for_update(of=Report, key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if report is None:
        raise NotFound
    return report


def lock_open_report(report_id: UUID, *, actor: Actor) -> Report:
    """As `lock_report`. Raises ReportClosed too."""
    report = lock_report(report_id, actor=actor)
    refuse_closed(report)
    return report


def refuse_closed(report: Report) -> None:
    """Raise ReportClosed unless answers, photos and signatures may still change."""
    if not report.is_open:
        raise ReportClosed(number=report.number)
