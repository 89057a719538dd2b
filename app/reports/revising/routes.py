"""Routes that correct a completed report."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, url_for
from flask_babel import gettext as _

from app.extensions import db
from app.models import STAFF
from app.plans.limits import LimitReached
from app.reports import blueprint
from app.reports.lifecycle import WrongStatus
from app.reports.revising import service
from app.reports.revising.carrying import Fate
from app.reports.revising.forms import CorrectForm
from app.reports.revising.queries import Correction, get_correction
from app.reports.revising.telling import carried_lines
from app.web.addresses import read_id
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import current_actor, requires


@blueprint.get("/reports/<uuid:report_id>/correct")
@requires(*STAFF)
def correct(report_id: UUID) -> Response:
    found = get_correction(report_id, person=current_actor())
    try:
        service.require_correctable(found.report, actor=current_actor())
    except (WrongStatus, service.AlreadySuperseded, service.RevisionOpen) as refused:
        flash(translated(refused), "warning")
        return redirect_to(url_for(".show", report_id=report_id))
    return _correct_page(CorrectForm().offer(found), found)


@blueprint.post("/reports/<uuid:report_id>/correct")
@requires(*STAFF)
def revise(report_id: UUID) -> Response:
    found = get_correction(report_id, person=current_actor())
    form = CorrectForm().offer(found)
    if not form.validate():
        return _correct_page(form, found, status=422)
    try:
        report = service.correct_report(
            report_id=report_id,
            reason=form.reason.data or "",
            client_id=read_id(form.client_id.data),
            onto_version=form.onto_version,
            actor=current_actor(),
        )
    except (LimitReached, service.VersionChanged) as refused:
        db.session.rollback()
        found = get_correction(report_id, person=current_actor())
        return _correct_page(form, found, status=422, refusal=translated(refused))
    revision_id, number = report.id, report.full_number
    is_mine = report.assignee_id == current_actor().account_id
    db.session.commit()
    flash(_("The correction %(number)s was started.", number=number), "success")
    return redirect_to(url_for(".fill" if is_mine else ".show", report_id=revision_id))


def _correct_page(
    form: CorrectForm, found: Correction, *, status: int = 200, refusal: str | None = None
) -> Response:
    report = found.report
    return render_page(
        "reports/correct.html",
        "content",
        status=status,
        form=form,
        report=report,
        newer=found.newer,
        refusal=refusal,
        fates={fate.value: carried_lines(found.of_fate(fate), report) for fate in Fate},
    )
