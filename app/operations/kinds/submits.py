"""The submit of a report that was closed on a phone."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _

from app.models import Actor, OperationVerdict, Report, ReportStatus
from app.operations.operation import (
    Done,
    Drawn,
    Early,
    Needs,
    Operation,
    OperationKind,
    Outcome,
)
from app.reports.completing.missing import draw_missing
from app.reports.completing.service import PhotosBeingRead, submit_report
from app.reports.queries import get_report


def _apply(sent: Operation, actor: Actor) -> Done:
    try:
        submit_report(report_id=sent.report_id, actor=actor)
    except PhotosBeingRead:
        raise Early(Needs.READING) from None
    return Done()


def _said(report: Report) -> str:
    """What has become of the submitted report."""
    if report.is_finished:
        return str(_("Report %(number)s is completed.", number=report.full_number))
    if report.status is ReportStatus.SUBMITTED:
        return str(
            _("Report %(number)s is submitted and waits for its review.", number=report.full_number)
        )
    return str(_("Report %(number)s was submitted and is open again.", number=report.full_number))


def _draw(sent: Operation, outcome: Outcome, actor: Actor) -> Drawn:
    if outcome.first is OperationVerdict.APPLIED:
        return Drawn(
            redirect=url_for("reports.show", report_id=sent.report_id),
            more={"sentence": _said(get_report(sent.report_id, person=actor))},
        )
    return Drawn(draw_missing(sent.report_id, person=actor))


# The submit writes the audit at once, and after the audit nothing else may be inserted.
SUBMIT = OperationKind("submit", _apply, _draw, claims_first=True)
