"""Routes of who and what belongs to a project: members, viewers, its checklists."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from flask import Response, request

from app.errors import DomainError
from app.extensions import db
from app.models import MANAGERS
from app.projects import blueprint, defaults, people
from app.projects.forms import PickForm
from app.projects.show_routes import read, show_page, show_part
from app.web.errors import translated
from app.web.guards import current_actor, requires


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


def _add(project_id: UUID, part: str, add: Callable[..., None], argument: str) -> Response:
    """Add what was picked in the form of a part; `argument` is what `add` calls its id."""
    found = read(project_id)
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
