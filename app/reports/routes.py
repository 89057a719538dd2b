"""Routes of reports: start, read, discard, archive. Filling and the list have their own."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request, url_for
from flask_babel import gettext as _

from app.company.limits import LimitReached, find_obstacle_to_report
from app.documents import queries as documents
from app.extensions import db
from app.reports import blueprint, lists, service
from app.reports.forms import StartForm
from app.reports.history import list_history
from app.reports.reading import read_report
from app.web.errors import translated
from app.web.fragments import redirect_to, render_fragment, render_page
from app.web.guards import MANAGERS, MEMBERS, STAFF, current_actor, requires


@blueprint.get("/reports/new")
@requires(*STAFF)
def new() -> Response:
    form = StartForm(
        data={
            "checklist_id": request.args.get("checklist", type=UUID),
            "project_id": request.args.get("project", type=UUID),
            "assignee_id": current_actor().account_id,
        }
    )
    return _start_page(form)


@blueprint.post("/reports/")
@requires(*STAFF)
def create() -> Response:
    form = StartForm()
    form.offer(lists.list_start_choices(current_actor()))
    if not form.validate():
        return _start_page(form, status=422)
    try:
        report = service.start_report(
            checklist_id=form.checklist_id.data,
            project_id=form.project_id.data,
            equipment_tag=form.equipment_tag.data or "",
            title=form.title.data or "",
            assignee_id=form.assignee_id.data if form.assignee_id else None,
            client_id=form.chosen_client_id,
            actor=current_actor(),
        )
    except LimitReached as reached:
        db.session.rollback()
        return _start_page(form, status=422, refusal=reached)
    report_id, is_mine = report.id, report.assignee_id == current_actor().account_id
    db.session.commit()
    return redirect_to(url_for(".fill" if is_mine else ".show", report_id=report_id))


@blueprint.get("/reports/equipment-tags")
@requires(*STAFF)
def equipment_tags() -> Response:
    project_id = request.args.get("project_id", type=UUID)
    return render_fragment("reports/_equipment_tags.html", tags=_tags_of(project_id))


@blueprint.get("/reports/<uuid:report_id>")
@requires(*MEMBERS)
def show(report_id: UUID) -> Response:
    person = current_actor()
    read = read_report(report_id, person=person)
    return render_page(
        "reports/show.html",
        "content",
        read=read,
        report=read.report,
        views=documents.list_views(report_id, person=person),
        history=list_history(read.report),
    )


@blueprint.post("/reports/<uuid:report_id>/discard")
@requires(*STAFF)
def discard(report_id: UUID) -> Response:
    report = service.discard_report(report_id=report_id, actor=current_actor())
    number = report.number
    db.session.commit()
    flash(_("Report %(number)s was discarded. Its history stays.", number=number), "success")
    return redirect_to(url_for(".index"))


@blueprint.post("/reports/<uuid:report_id>/archive")
@requires(*MANAGERS)
def archive(report_id: UUID) -> Response:
    report = service.archive_report(report_id=report_id, actor=current_actor())
    number = report.number
    db.session.commit()
    flash(_("Report %(number)s was archived. It can still be read.", number=number), "success")
    return redirect_to(url_for(".show", report_id=report_id))


def _start_page(
    form: StartForm, *, status: int = 200, refusal: LimitReached | None = None
) -> Response:
    """`refusal` is of this form alone; a company without room is told before it is filled in."""
    obstacle = None if refusal else find_obstacle_to_report()
    choices = lists.list_start_choices(current_actor())
    form.offer(choices)
    tags = _tags_of(form.project_id.data)
    return render_page(
        "reports/new.html",
        "content",
        status=status,
        form=form,
        choices=choices,
        tags=tags,
        refusal=translated(refusal) if refusal else None,
        obstacle=translated(obstacle) if obstacle else None,
    )


def _tags_of(project_id: UUID | None) -> list[str]:
    return lists.list_equipment_tags(project_id) if project_id else []
