"""Routes of a project's equipment: add, edit, remove."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, url_for
from flask_babel import gettext as _

from app.extensions import db
from app.models import MANAGERS, Project
from app.projects import blueprint, equipment, queries
from app.projects.forms import EquipmentForm
from app.projects.show_routes import read, show_page, show_part
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import current_actor, requires
from app.web.letters import warn_of_letters


@blueprint.post("/projects/<uuid:project_id>/equipment")
@requires(*MANAGERS)
def add_equipment(project_id: UUID) -> Response:
    found, form = read(project_id), EquipmentForm()
    if not form.validate_on_submit():
        return show_page(found, "equipment", status=422, equipment=form)
    try:
        equipment.add_equipment(project_id=project_id, actor=current_actor(), **form.facts)
    except equipment.TagTaken as taken:
        form.tag.errors = [translated(taken)]
        return show_page(found, "equipment", status=422, equipment=form)
    db.session.commit()
    if warn_of_letters(form):  # a part of the page shows no message
        return redirect_to(url_for(".show", project_id=project_id, _anchor="equipment"))
    return show_part(project_id, "equipment")


@blueprint.get("/projects/<uuid:project_id>/equipment/<uuid:equipment_id>/edit")
@requires(*MANAGERS)
def edit_equipment(project_id: UUID, equipment_id: UUID) -> Response:
    asset = queries.get_equipment(project_id, equipment_id)
    return _form_page(project_id, equipment_id, EquipmentForm(obj=asset))


@blueprint.post("/projects/<uuid:project_id>/equipment/<uuid:equipment_id>")
@requires(*MANAGERS)
def update_equipment(project_id: UUID, equipment_id: UUID) -> Response:
    queries.get_equipment(project_id, equipment_id)
    form = EquipmentForm()
    if not form.validate_on_submit():
        return _form_page(project_id, equipment_id, form, status=422)
    try:
        equipment.update_equipment(
            project_id=project_id, equipment_id=equipment_id, actor=current_actor(), **form.facts
        )
    except equipment.TagTaken as taken:
        form.tag.errors = [translated(taken)]
        return _form_page(project_id, equipment_id, form, status=422)
    db.session.commit()
    flash(_("Saved"), "success")
    warn_of_letters(form)
    return redirect_to(url_for(".show", project_id=project_id, _anchor="equipment"))


@blueprint.post("/projects/<uuid:project_id>/equipment/<uuid:equipment_id>/remove")
@requires(*MANAGERS)
def remove_equipment(project_id: UUID, equipment_id: UUID) -> Response:
    equipment.remove_equipment(
        project_id=project_id, equipment_id=equipment_id, actor=current_actor()
    )
    db.session.commit()
    flash(_("The equipment was removed"), "success")
    return redirect_to(url_for(".show", project_id=project_id, _anchor="equipment"))


def _form_page(
    project_id: UUID, equipment_id: UUID, form: EquipmentForm, *, status: int = 200
) -> Response:
    project: Project = queries.get_project(project_id, person=current_actor())
    lines = queries.list_equipment(project_id)
    return render_page(
        "projects/equipment_form.html",
        "content",
        status=status,
        form=form,
        project=project,
        asset=next(line for line in lines if line.id == equipment_id),
    )
