"""Routes that start a report."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for
from flask_login import current_user

from app.extensions import db
from app.models import STAFF
from app.plans.limits import LimitReached, find_obstacle_to_report
from app.reports import blueprint
from app.reports.assigning.service import DueDayPassed
from app.reports.starting import choices, service
from app.reports.starting.choices import StartChoices
from app.reports.starting.forms import StartForm
from app.rows import company_today
from app.web.addresses import read_id
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import current_actor, requires


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
    return _start_page(form, _offer(form))


@blueprint.post("/reports/")
@requires(*STAFF)
def create() -> Response:
    form = StartForm()
    offered = _offer(form)
    if not form.validate():
        return _start_page(form, offered, status=422)
    try:
        report = service.start_report(
            checklist_id=form.checklist_id.data,
            project_id=form.project_id.data,
            equipment_tag=form.equipment_tag.data or "",
            title=form.title.data or "",
            assignee_id=form.assignee_id.data if form.assignee_id else None,
            due_on=form.due_on.data,
            client_id=read_id(form.client_id.data),
            actor=current_actor(),
        )
    except LimitReached as reached:
        db.session.rollback()
        return _start_page(form, offered, status=422, refusal=reached)
    except DueDayPassed as over:
        form.due_on.errors = [translated(over)]
        return _start_page(form, offered, status=422)
    report_id, is_mine = report.id, report.assignee_id == current_actor().account_id
    db.session.commit()
    return redirect_to(url_for(".fill" if is_mine else ".show", report_id=report_id))


@blueprint.get("/reports/start-choices")
@requires(*STAFF)
def start_choices() -> Response:
    """The parts of the form that depend on the chosen project: tags, checklists and people."""
    form = StartForm(formdata=request.args)
    return _start_page(form, _offer(form), block="of_project")


def _offer(form: StartForm) -> StartChoices:
    chosen = form.project_id.data
    offered = choices.list_start_choices(current_actor(), chosen)
    form.offer(offered, company_today(current_user.tenant))
    return offered


def _start_page(
    form: StartForm,
    offered: StartChoices,
    *,
    block: str = "content",
    status: int = 200,
    refusal: LimitReached | None = None,
) -> Response:
    """`refusal` is about this form. Without it, the page warns up front if the plan is full."""
    obstacle = None if refusal else find_obstacle_to_report()
    chosen = form.project_id.data
    return render_page(
        "reports/new.html",
        block,
        status=status,
        form=form,
        choices=offered,
        tags=choices.list_equipment_tags(chosen, person=current_actor()) if chosen else [],
        refusal=translated(refusal) if refusal else None,
        obstacle=translated(obstacle) if obstacle else None,
    )
