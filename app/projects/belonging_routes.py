"""Routes of who and what belongs to a project: members, viewers, its checklists."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request

from app.errors import DomainError
from app.extensions import db
from app.projects import blueprint, defaults, people
from app.projects.forms import PickForm
from app.projects.reading import ReadProject
from app.projects.show_routes import read, show_page, show_part
from app.web.errors import translated
from app.web.guards import MANAGERS, current_actor, requires


@blueprint.post("/projects/<uuid:project_id>/members")
@requires(*MANAGERS)
def add_member(project_id: UUID) -> Response:
    found = read(project_id)
    form = PickForm("members", found.additions.members)
    if not form.validate():
        return show_page(found, "members", status=422, members=form)
    try:
        people.add_member(
            project_id=project_id, account_id=form.chosen_id.data, actor=current_actor()
        )
    except DomainError as refused:
        return _refused(found, "members", form, refused)
    db.session.commit()
    return show_part(project_id, "members")


@blueprint.post("/projects/<uuid:project_id>/members/<uuid:account_id>/remove")
@requires(*MANAGERS)
def remove_member(project_id: UUID, account_id: UUID) -> Response:
    people.remove_member(project_id=project_id, account_id=account_id, actor=current_actor())
    db.session.commit()
    return show_part(project_id, "members")


@blueprint.post("/projects/<uuid:project_id>/viewers")
@requires(*MANAGERS)
def add_viewer(project_id: UUID) -> Response:
    found = read(project_id)
    form = PickForm("viewers", found.additions.viewers)
    if not form.validate():
        return show_page(found, "viewers", status=422, viewers=form)
    try:
        people.set_viewer(
            project_id=project_id,
            account_id=form.chosen_id.data,
            is_granted=True,
            actor=current_actor(),
        )
    except DomainError as refused:
        return _refused(found, "viewers", form, refused)
    db.session.commit()
    return show_part(project_id, "viewers")


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
    found = read(project_id)
    form = PickForm("checklists", found.additions.checklists)
    if not form.validate():
        return show_page(found, "checklists", status=422, checklists=form)
    try:
        defaults.add_checklist(
            project_id=project_id, checklist_id=form.chosen_id.data, actor=current_actor()
        )
    except DomainError as refused:
        return _refused(found, "checklists", form, refused)
    db.session.commit()
    return show_part(project_id, "checklists")


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


def _refused(found: ReadProject, part: str, form: PickForm, refused: DomainError) -> Response:
    form.chosen_id.errors = [translated(refused)]
    return show_page(found, part, status=422, **{part: form})
