"""Routes of projects: list, create, show, edit, and the equipment of one."""

from __future__ import annotations

from uuid import UUID

from flask import Response, current_app, flash, request, url_for
from flask_babel import gettext as _

from app.extensions import db
from app.models import Project
from app.projects import blueprint, queries, service
from app.projects.forms import EquipmentForm, ProjectForm
from app.reports.lists import list_reports_of_project
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page, wants_fragment
from app.web.guards import MANAGERS, STAFF, current_actor, requires


@blueprint.get("/projects/")
@requires(*STAFF)
def index() -> Response:
    search = request.args.get("search", "")[:100]
    found = queries.list_projects(
        person=current_actor(),
        search=search,
        page=request.args.get("page", 1, type=int),
        page_size=current_app.config["PAGE_SIZE"],
    )
    return render_page("projects/index.html", "results", found=found, search=search)


@blueprint.get("/projects/new")
@requires(*MANAGERS)
def new() -> Response:
    return _form_page(ProjectForm())


@blueprint.post("/projects/")
@requires(*MANAGERS)
def create() -> Response:
    form = ProjectForm()
    if not form.validate_on_submit():
        return _form_page(form, status=422)
    try:
        project = service.create_project(
            facts=service.ProjectFacts(**form.facts), actor=current_actor()
        )
    except service.ProjectNameTaken as taken:
        form.name.errors = [translated(taken)]
        return _form_page(form, status=422)
    project_id = project.id
    db.session.commit()
    return redirect_to(url_for(".show", project_id=project_id))


@blueprint.get("/projects/<uuid:project_id>")
@requires(*STAFF)
def show(project_id: UUID) -> Response:
    return _project_page(project_id, EquipmentForm(formdata=None))


@blueprint.get("/projects/<uuid:project_id>/edit")
@requires(*MANAGERS)
def edit(project_id: UUID) -> Response:
    project = queries.get_project(project_id)
    return _form_page(ProjectForm(obj=project), project)


@blueprint.post("/projects/<uuid:project_id>")
@requires(*MANAGERS)
def update(project_id: UUID) -> Response:
    project = queries.get_project(project_id)
    form = ProjectForm()
    if not form.validate_on_submit():
        return _form_page(form, project, status=422)
    try:
        service.update_project(
            project_id=project_id, facts=service.ProjectFacts(**form.facts), actor=current_actor()
        )
    except service.ProjectNameTaken as taken:
        form.name.errors = [translated(taken)]
        return _form_page(form, project, status=422)
    db.session.commit()
    flash(_("Saved"), "success")
    return redirect_to(url_for(".show", project_id=project_id))


@blueprint.post("/projects/<uuid:project_id>/equipment")
@requires(*MANAGERS)
def add_equipment(project_id: UUID) -> Response:
    queries.get_project(project_id)
    form = EquipmentForm()
    if not form.validate_on_submit():
        return _project_page(project_id, form, status=422)
    try:
        service.add_equipment(
            project_id=project_id,
            tag=form.tag.data or "",
            name=form.name.data or "",
            actor=current_actor(),
        )
    except service.TagTaken as taken:
        form.tag.errors = [translated(taken)]
        return _project_page(project_id, form, status=422)
    db.session.commit()
    if wants_fragment():
        return _project_page(project_id, EquipmentForm(formdata=None))
    return redirect_to(url_for(".show", project_id=project_id, _anchor="equipment"))


def _project_page(project_id: UUID, form: EquipmentForm, *, status: int = 200) -> Response:
    project = queries.get_project(project_id)
    reports = list_reports_of_project(project.id, person=current_actor(), limit=50)
    return render_page(
        "projects/show.html",
        "equipment",
        status=status,
        project=project,
        equipment=queries.list_equipment(project.id),
        reports=reports,
        form=form,
    )


def _form_page(form: ProjectForm, project: Project | None = None, *, status: int = 200) -> Response:
    return render_page("projects/form.html", "content", status=status, form=form, project=project)
