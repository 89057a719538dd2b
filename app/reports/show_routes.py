"""Route of one report to read; the routes of handing it over answer with the same page."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.documents import queries as documents
from app.evidence.differences import told
from app.evidence.verdicts import differences_in, find_verification
from app.models import MANAGERS, Actor, Report
from app.reports import blueprint
from app.reports.choices import list_assignable
from app.reports.forms import AssignForm, DueForm
from app.reports.history import list_history
from app.reports.reading import read_report
from app.web.fragments import render_page
from app.web.guards import MEMBERS, current_actor, requires
from app.web.locale import company_today


@blueprint.get("/reports/<uuid:report_id>")
@requires(*MEMBERS)
def show(report_id: UUID) -> Response:
    return show_page(report_id)


def show_page(
    report_id: UUID,
    *,
    assign_form: AssignForm | None = None,
    due_form: DueForm | None = None,
    status: int = 200,
) -> Response:
    """The report as the person may see it; a form that was refused stands open on it."""
    person = current_actor()
    read = read_report(report_id, person=person)
    kept = find_verification(report_id) if read.report.is_finished else None
    definition = read.report.version.definition
    is_handed = read.report.is_open and person.role in MANAGERS
    return render_page(
        "reports/show.html",
        "content",
        status=status,
        read=read,
        report=read.report,
        views=documents.list_views(report_id, person=person),
        history=list_history(read.report),
        verification=kept,
        lines=[told(one, definition) for one in differences_in(kept)] if kept else [],
        assign_form=_assigning(read.report, assign_form, person) if is_handed else None,
        due_form=_due(read.report, due_form) if is_handed else None,
    )


def _assigning(report: Report, form: AssignForm | None, person: Actor) -> AssignForm:
    form = form or AssignForm(formdata=None, obj=report)
    form.offer(list_assignable(person, report.project_id))
    return form


def _due(report: Report, form: DueForm | None) -> DueForm:
    form = form or DueForm(formdata=None, obj=report)
    form.due_on.begin(company_today())
    return form
