"""Routes of one report: show, discard, archive. The assigning routes also render its page."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, url_for
from flask_babel import gettext as _
from flask_login import current_user

from app.evidence.differences import describe
from app.evidence.verdicts import differences_in, find_verification
from app.extensions import db
from app.models import MANAGERS, STAFF, Actor, Report
from app.reports import blueprint, lifecycle
from app.reports.assigning.choices import list_assignable
from app.reports.assigning.forms import AssignForm, DueForm
from app.reports.reviewing.standing import standing_of
from app.reports.revising.changes import read_changes
from app.reports.revising.queries import Kin, read_kin
from app.reports.revising.telling import ToldChanges, tell_changes
from app.reports.showing.history import list_history
from app.reports.showing.page import read_report
from app.reports.showing.parts import list_parts
from app.rows import company_today
from app.web.fragments import redirect_to, render_page
from app.web.guards import MEMBERS, current_actor, requires


@blueprint.get("/reports/<uuid:report_id>")
@requires(*MEMBERS)
def show(report_id: UUID) -> Response:
    return show_page(report_id)


@blueprint.post("/reports/<uuid:report_id>/discard")
@requires(*STAFF)
def discard(report_id: UUID) -> Response:
    report = lifecycle.discard_report(report_id=report_id, actor=current_actor())
    number = report.full_number
    db.session.commit()
    flash(_("Report %(number)s was discarded. Its history is kept.", number=number), "success")
    return redirect_to(url_for(".index"))


@blueprint.post("/reports/<uuid:report_id>/archive")
@requires(*MANAGERS)
def archive(report_id: UUID) -> Response:
    report = lifecycle.archive_report(report_id=report_id, actor=current_actor())
    number = report.full_number
    db.session.commit()
    flash(_("Report %(number)s was archived. It can still be read.", number=number), "success")
    return redirect_to(url_for(".show", report_id=report_id))


def show_page(
    report_id: UUID,
    *,
    assign_form: AssignForm | None = None,
    due_form: DueForm | None = None,
    status: int = 200,
) -> Response:
    """The page of a report that the person may see. A rejected form is shown open."""
    person = current_actor()
    read = read_report(report_id, person=person)
    kept = find_verification(report_id) if read.report.is_finished else None
    definition = read.report.version.definition
    parts = list_parts()
    is_handed = read.report.is_open and person.role in MANAGERS
    kin = read_kin(read.report, person)
    return render_page(
        "reports/show.html",
        "content",
        status=status,
        read=read,
        report=read.report,
        kin=kin,
        changes=_changes(read.report, kin),
        parts=[part.template for part in parts],
        **{name: value for part in parts for name, value in part.load(read.report, person).items()},
        in_review=standing_of(read.report, is_commented=read.is_commented),
        history=list_history(read.report),
        verification=kept,
        lines=[describe(one, definition) for one in differences_in(kept)] if kept else [],
        assign_form=_assigning(read.report, assign_form, person) if is_handed else None,
        due_form=_due(read.report, due_form) if is_handed else None,
    )


def _changes(report: Report, kin: Kin) -> ToldChanges | None:
    found = read_changes(report)
    sees_older = report.revision_of in kin.seen
    return tell_changes(found, sees_older=sees_older) if found else None


def _assigning(report: Report, form: AssignForm | None, person: Actor) -> AssignForm:
    form = form or AssignForm(formdata=None, obj=report)
    form.offer(list_assignable(person, report.project_id))
    return form


def _due(report: Report, form: DueForm | None) -> DueForm:
    form = form or DueForm(formdata=None, obj=report)
    form.due_on.begin(company_today(current_user.tenant))
    return form
