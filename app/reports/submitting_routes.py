"""Routes of the submit: the check before it and the submit itself."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from uuid import UUID

from flask import Response, url_for

from app.definition.rules import Missing
from app.definition.schema import Definition
from app.extensions import db
from app.models import STAFF
from app.reports import blueprint, submitting
from app.reports.known import differing
from app.reports.letters import find_unprintable
from app.reports.submitting import PhotosBeingRead, ReportIncomplete, Review
from app.reports.wording import both_words, section_words
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


def _review_page(found: Review, *, status: int = 200) -> Response:
    return render_page(
        "reports/review.html",
        "review",
        status=status,
        review=found,
        report=found.report,
        definition=found.facts.definition,
        groups=list(_by_section(found.facts.definition, found.missing)),
        roles=[[item] for item in found.missing if item.role_id],
        otherwise=list(_otherwise(found)),
        is_refused=status != 200,
        unprintable=find_unprintable(found.report, found.facts),
    )


def _otherwise(found: Review) -> Iterable[tuple[str, str]]:
    """The answers that say something else than the report itself, with both in words."""
    facts = found.facts
    for field_id, own in differing(facts.own, facts.answers).items():
        yield field_id, both_words(own, facts.answers[field_id])


def _by_section(
    definition: Definition, missing: Iterable[Missing]
) -> Iterable[tuple[str, list[list[Missing]]]]:
    """What is asked at each field, the fields under their section's title; signatures are the
    page's own list."""
    at_fields = [item for item in missing if item.field_id]
    fields = [list(items) for _id, items in groupby(at_fields, key=lambda item: item.field_id)]
    for title, asked in groupby(
        fields, key=lambda items: section_words(definition, str(items[0].field_id))
    ):
        yield title, list(asked)
