"""Route of one project's page, and the responses that belonging_routes.py shares with it."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for
from flask_login import current_user

from app.equipment.forms import EquipmentForm
from app.models import STAFF
from app.projects import blueprint
from app.projects.forms import PickForm
from app.projects.reading import ProjectView, load_project_view
from app.reports.listing.address import read_result
from app.rows import company_today
from app.web.fragments import redirect_to, render_fragment, render_page, wants_fragment
from app.web.guards import current_actor, requires


@blueprint.get("/projects/<uuid:project_id>")
@requires(*STAFF)
def show(project_id: UUID) -> Response:
    found = load_view(project_id)
    if wants_fragment() and "result" in request.args:
        return render_fragment("projects/_report_lines.html", found=found)
    return show_page(found)


def load_view(project_id: UUID) -> ProjectView:
    """Load the project for the signed-in person, filtered by the result in the query string."""
    return load_project_view(
        project_id,
        person=current_actor(),
        today=company_today(current_user.tenant),
        result=read_result(request.args),
    )


def show_page(
    found: ProjectView,
    part: str = "content",
    *,
    status: int = 200,
    **forms: PickForm | EquipmentForm,
) -> Response:
    """The page, or for htmx only `part` of it; `forms` are submitted forms with errors."""
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
    """The response to a change: the part for htmx, else a redirect to that part of the page."""
    if wants_fragment():
        return show_page(load_view(project_id), part)
    return redirect_to(url_for(".show", project_id=project_id, _anchor=part))
