"""Route of one project's page; the routes of what belongs to it answer with the same page."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for

from app.models import STAFF
from app.projects import blueprint
from app.projects.forms import EquipmentForm, PickForm
from app.projects.reading import ReadProject, read_project
from app.reports.finding_address import read_result
from app.web.fragments import redirect_to, render_fragment, render_page, wants_fragment
from app.web.guards import current_actor, requires
from app.web.locale import company_today


@blueprint.get("/projects/<uuid:project_id>")
@requires(*STAFF)
def show(project_id: UUID) -> Response:
    found = read(project_id)
    if wants_fragment() and "result" in request.args:
        return render_fragment("projects/_report_lines.html", found=found)
    return show_page(found)


def read(project_id: UUID) -> ReadProject:
    """The project as the signed-in person sees it, its reports by the result asked for."""
    return read_project(
        project_id,
        person=current_actor(),
        today=company_today(),
        result=read_result(request.args),
    )


def show_page(
    found: ReadProject,
    part: str = "content",
    *,
    status: int = 200,
    **forms: PickForm | EquipmentForm,
) -> Response:
    """The page, or for htmx the part of it that changed; `forms` are those that were refused."""
    fresh = {
        "members": PickForm("members", found.additions.members, formdata=None),
        "viewers": PickForm("viewers", found.additions.viewers, formdata=None),
        "checklists": PickForm("checklists", found.additions.checklists, formdata=None),
        "equipment": EquipmentForm(formdata=None),
    }
    return render_page(
        "projects/show.html", part, status=status, found=found, forms={**fresh, **forms}
    )


def show_part(project_id: UUID, part: str) -> Response:
    """After a change: its part of the page for htmx, else the page at that part."""
    if wants_fragment():
        return show_page(read(project_id), part)
    return redirect_to(url_for(".show", project_id=project_id, _anchor=part))
