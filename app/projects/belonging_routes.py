"""Routes that add and remove a project's members, viewers, checklists and equipment."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from flask import Response, request, url_for

from app.equipment import service as equipment
from app.equipment.forms import EquipmentForm
from app.errors import DomainError
from app.extensions import db
from app.models import MANAGERS
from app.projects import blueprint, defaults, people
from app.projects.forms import PickForm
from app.projects.show_routes import load_view, show_page, show_part
from app.web.errors import translated
from app.web.fragments import redirect_to
from app.web.guards import current_actor, requires
from app.web.letters import warn_about_letters


@blueprint.post("/projects/<uuid:project_id>/members")
@requires(*MANAGERS)
def add_member(project_id: UUID) -> Response:
    return _add(project_id, "members", people.add_member, "account_id")


@blueprint.post("/projects/<uuid:project_id>/members/<uuid:account_id>/remove")
@requires(*MANAGERS)
def remove_member(project_id: UUID, account_id: UUID) -> Response:
    people.remove_member(project_id=project_id, account_id=account_id, actor=current_actor())
    db.session.commit()
    return show_part(project_id, "members")


@blueprint.post("/projects/<uuid:project_id>/viewers")
@requires(*MANAGERS)
def add_viewer(project_id: UUID) -> Response:
    grant = partial(people.set_viewer, is_granted=True)
    return _add(project_id, "viewers", grant, "account_id")


@blueprint.post("/projects/<uuid:project_id>/viewers/<uuid:account_id>/remove")
@requires(*MANAGERS)
def remove_viewer(project_id: UUID, account_id: UUID) -> Response:
    people.set_viewer(
        project_id=project_id, account_id=account_id, is_granted=False, actor=current_actor()
    )
    db.session.commit()
    return show_part(project_id, "viewers")


@blueprint.post("/projects/<uuid:project_id>/checklists")
@requires(*MANAGERS)
def add_checklist(project_id: UUID) -> Response:
    return _add(project_id, "checklists", defaults.add_checklist, "checklist_id")


@blueprint.post("/projects/<uuid:project_id>/checklists/<uuid:checklist_id>/move")
@requires(*MANAGERS)
def move_checklist(project_id: UUID, checklist_id: UUID) -> Response:
    defaults.move_checklist(
        project_id=project_id,
        checklist_id=checklist_id,
        up=request.form.get("to") != "down",
        actor=current_actor(),
    )
    db.session.commit()
    return show_part(project_id, "checklists")


@blueprint.post("/projects/<uuid:project_id>/checklists/<uuid:checklist_id>/remove")
@requires(*MANAGERS)
def remove_checklist(project_id: UUID, checklist_id: UUID) -> Response:
    defaults.remove_checklist(
        project_id=project_id, checklist_id=checklist_id, actor=current_actor()
    )
    db.session.commit()
    return show_part(project_id, "checklists")


@blueprint.post("/projects/<uuid:project_id>/equipment")
@requires(*MANAGERS)
def add_equipment(project_id: UUID) -> Response:
    found, form = load_view(project_id), EquipmentForm()
    if not form.validate_on_submit():
        return show_page(found, "equipment", status=422, equipment=form)
    try:
        equipment.add_equipment(project_id=project_id, actor=current_actor(), **form.facts)
    except equipment.TagTaken as taken:
        form.tag.errors = [translated(taken)]
        return show_page(found, "equipment", status=422, equipment=form)
    db.session.commit()
    if warn_about_letters(form):  # a fragment cannot show a flash message
        return redirect_to(url_for(".show", project_id=project_id, _anchor="equipment"))
    return show_part(project_id, "equipment")


def _add(project_id: UUID, part: str, add: Callable[..., None], argument: str) -> Response:
    """Add the choice from the form of a part; `argument` is the name of `add`'s id parameter."""
    found = load_view(project_id)
    form = PickForm(part, getattr(found.additions, part))
    if not form.validate():
        return show_page(found, part, status=422, **{part: form})
    try:
        add(project_id=project_id, actor=current_actor(), **{argument: form.chosen_id.data})
    except DomainError as refused:
        form.chosen_id.errors = [translated(refused)]
        return show_page(found, part, status=422, **{part: form})
    db.session.commit()
    return show_part(project_id, part)
