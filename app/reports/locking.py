"""Locks a report for a change: one writer per report at a time, until the transaction ends.

Every function that changes a report's content begins here, so that two saves, a save and a submit,
or two submits run one after the other instead of racing.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import defer, joinedload

from app.models import Actor, Report, Version, Witness
from app.reports.queries import closed_error, shown_to, visible_reports
from app.rows import one_or_404


def lock_report(report_id: UUID, *, actor: Actor) -> Report:
    """Lock the report until the transaction ends; its version, checklist and project are loaded.

    Waits while another transaction holds the lock. Raises NotFound if the actor may not see it.
    """
    return _lock(visible_reports(actor).where(Report.id == report_id))


def lock_witnessed_report(witness: Witness) -> Report:
    """Like `lock_report`, for the report of a witness."""
    return _lock(shown_to(witness))


def _lock(reports: Select[Report]) -> Report:
    version = joinedload(Report.version, innerjoin=True)
    return one_or_404(
        reports
        # The body is large and needed only if this process has not cached the definition yet.
        .options(
            version.options(defer(Version.body), joinedload(Version.checklist)),
            joinedload(Report.project, innerjoin=True),
        )
        .with_for_update(of=Report, key_share=True)
        .execution_options(populate_existing=True)
    )


def lock_open_report(report_id: UUID, *, actor: Actor) -> Report:
    """Like `lock_report`, but also raises ReportClosed."""
    report = lock_report(report_id, actor=actor)
    require_open(report)
    return report


def require_open(report: Report) -> None:
    """Raise ReportClosed unless answers, photos and signatures may still change."""
    if not report.is_open:
        raise closed_error(report.status, report.number)
