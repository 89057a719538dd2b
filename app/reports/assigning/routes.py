"""Routes by which managers reassign a report and set its due day."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, url_for
from flask_babel import gettext as _

from app.extensions import db
from app.models import MANAGERS
from app.reports import blueprint
from app.reports.assigning import service as assigning
from app.reports.assigning.choices import list_assignable
from app.reports.assigning.forms import AssignForm, DueForm
from app.reports.queries import get_open_report
from app.reports.showing.routes import show_page
from app.web.errors import translated
from app.web.fragments import redirect_to
from app.web.guards import current_actor, requires


@blueprint.post("/reports/<uuid:report_id>/assignee")
@requires(*MANAGERS)
def assign(report_id: UUID) -> Response:
    report = get_open_report(report_id, person=current_actor())
    form = AssignForm()
    form.offer(list_assignable(current_actor(), report.project_id))
    if not form.validate():
        return show_page(report_id, assign_form=form, status=422)
    try:
        assigning.assign_report(
            report_id=report_id, assignee_id=form.assignee_id.data, actor=current_actor()
        )
    except assigning.NotAssignable as refused:
        form.assignee_id.errors = [translated(refused)]
        return show_page(report_id, assign_form=form, status=422)
    db.session.commit()
    flash(_("The report was handed over"), "success")
    return redirect_to(url_for(".show", report_id=report_id))


@blueprint.post("/reports/<uuid:report_id>/due")
@requires(*MANAGERS)
def set_due(report_id: UUID) -> Response:
    get_open_report(report_id, person=current_actor())
    form = DueForm()
    if not form.validate():
        return show_page(report_id, due_form=form, status=422)
    try:
        assigning.set_due_date(report_id=report_id, due_on=form.due_on.data, actor=current_actor())
    except assigning.DueDayPassed as over:
        form.due_on.errors = [translated(over)]
        return show_page(report_id, due_form=form, status=422)
    db.session.commit()
    flash(_("Saved"), "success")
    return redirect_to(url_for(".show", report_id=report_id))
