"""Routes that edit and remove equipment. It is added on the project's page."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request, url_for
from flask_babel import gettext as _

from app.equipment import blueprint, queries, service
from app.equipment.forms import EquipmentForm
from app.errors import NotFound
from app.extensions import db
from app.models import MANAGERS
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import current_actor, requires
from app.web.letters import warn_about_letters


@blueprint.get("/projects/<uuid:project_id>/equipment/<uuid:equipment_id>/edit")
@requires(*MANAGERS)
def edit(project_id: UUID, equipment_id: UUID) -> Response:
    asset = queries.get_equipment(project_id, equipment_id)
    return _form_page(project_id, equipment_id, EquipmentForm(obj=asset))


@blueprint.post("/projects/<uuid:project_id>/equipment/<uuid:equipment_id>")
@requires(*MANAGERS)
def update(project_id: UUID, equipment_id: UUID) -> Response:
    queries.get_equipment(project_id, equipment_id)
    form = EquipmentForm()
    if not form.validate_on_submit():
        return _form_page(project_id, equipment_id, form, status=422)
    try:
        service.update_equipment(
            project_id=project_id, equipment_id=equipment_id, actor=current_actor(), **form.facts
        )
    except service.TagTaken as taken:
        form.tag.errors = [translated(taken)]
        return _form_page(project_id, equipment_id, form, status=422)
    db.session.commit()
    flash(_("Saved"), "success")
    warn_about_letters(form)
    return redirect_to(url_for("projects.show", project_id=project_id, _anchor="equipment"))


@blueprint.post("/projects/<uuid:project_id>/equipment/<uuid:equipment_id>/remove")
@requires(*MANAGERS)
def remove(project_id: UUID, equipment_id: UUID) -> Response:
    service.remove_equipment(
        project_id=project_id, equipment_id=equipment_id, actor=current_actor()
    )
    db.session.commit()
    flash(_("The equipment was removed"), "success")
    return redirect_to(url_for("projects.show", project_id=project_id, _anchor="equipment"))


@blueprint.post("/checklists/mapping/<uuid:workbook_id>/equipment")
@requires(*MANAGERS)
def add_devices(workbook_id: UUID) -> Response:
    """The devices of a client's workbook, as equipment of the chosen project."""
    try:
        project_id = UUID(request.form.get("project", ""))
    except ValueError as error:
        raise NotFound from error
    new, known = service.add_devices(
        workbook_id=workbook_id, project_id=project_id, actor=current_actor()
    )
    db.session.commit()
    flash(
        _("Equipment added: %(new)s. Already in the project: %(known)s.", new=new, known=known),
        "success",
    )
    return redirect_to(url_for("checklists.show_mapping", workbook_id=workbook_id))


def _form_page(
    project_id: UUID, equipment_id: UUID, form: EquipmentForm, *, status: int = 200
) -> Response:
    lines = queries.list_equipment(project_id)
    return render_page(
        "equipment/edit.html",
        "content",
        status=status,
        form=form,
        project_id=project_id,
        project_name=queries.get_project_name(project_id),
        asset=next(line for line in lines if line.id == equipment_id),
    )
