"""The submit of a report that was closed on a phone."""

from __future__ import annotations

from flask import url_for

from app.models import Actor, OperationVerdict
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


def _apply(sent: Operation, actor: Actor) -> Done:
    try:
        submit_report(report_id=sent.report_id, actor=actor)
    except PhotosBeingRead:
        raise Early(Needs.READING) from None
    return Done()


def _draw(sent: Operation, outcome: Outcome, actor: Actor) -> Drawn:
    if outcome.first is OperationVerdict.APPLIED:
        return Drawn(redirect=url_for("reports.show", report_id=sent.report_id))
    return Drawn(draw_missing(sent.report_id, person=actor))


# The submit writes the audit at once, and after the audit nothing else may be inserted.
SUBMIT = OperationKind("submit", _apply, _draw, claims_first=True)
