"""Routes of the review page and of the submit."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from flask import Response, url_for

from app.extensions import db
from app.models import STAFF
from app.reports import blueprint
from app.reports.completing import service as submitting
from app.reports.completing.letters import find_unprintable
from app.reports.completing.missing import missing_items
from app.reports.completing.service import Check, PhotosBeingRead, ReportIncomplete
from app.reports.own_values import differing_values
from app.reports.reviewing.rounds import count_open_comments
from app.reports.wording import both_words
from app.web.fragments import redirect_to, render_page
from app.web.guards import current_actor, requires


@blueprint.get("/reports/<uuid:report_id>/review")
@requires(*STAFF)
def review(report_id: UUID) -> Response:
    found = submitting.get_review(report_id, person=current_actor())
    if not found.report.is_open:
        return redirect_to(url_for(".show", report_id=report_id))
    return _review_page(found)


@blueprint.post("/reports/<uuid:report_id>/submit")
@requires(*STAFF)
def submit(report_id: UUID) -> Response:
    try:
        submitting.submit_report(report_id=report_id, actor=current_actor())
    except (ReportIncomplete, PhotosBeingRead) as error:
        db.session.rollback()
        found = submitting.get_review(report_id, person=current_actor())
        return _review_page(found, status=error.status)
    db.session.commit()
    return redirect_to(url_for(".show", report_id=report_id))


def _review_page(found: Check, *, status: int = 200) -> Response:
    return render_page(
        "reports/review.html",
        "review",
        status=status,
        review=found,
        is_refused=status != 200,
        differing=list(_differing_values(found)),
        open_comments=count_open_comments(found.report.id),
        unprintable=find_unprintable(found.report, found.facts),
        **missing_items(found),
    )


def _differing_values(found: Check) -> Iterable[tuple[str, str]]:
    """The field ids of answers that differ from the report's own values, with both in words."""
    facts = found.facts
    for field_id, own in differing_values(facts.own, facts.answers).items():
        yield field_id, both_words(own, facts.answers[field_id])
