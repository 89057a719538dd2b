"""Routes that list, create, edit, archive and reopen projects. show_routes.py shows one project."""

from __future__ import annotations

from uuid import UUID

from flask import Response, current_app, flash, request, url_for
from flask_babel import gettext as _

from app.contact import contact_of
from app.extensions import db
from app.models import MANAGERS, STAFF, Project
from app.projects import blueprint, queries, service
from app.projects.forms import ProjectForm
from app.web.contact import contact_values
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import current_actor, requires
from app.web.letters import warn_about_letters


@blueprint.get("/projects/")
@requires(*STAFF)
def index() -> Response:
    search = request.args.get("search", "")[:100]
    archived = request.args.get("show") == "archived"
    found = queries.list_projects(
        person=current_actor(),
        search=search,
        archived=archived,
        page=request.args.get("page", 1, type=int),
        page_size=current_app.config["PAGE_SIZE"],
    )
    return render_page(
        "projects/index.html", "results", found=found, search=search, archived=archived
    )


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
    _warn_of_tax_number(form)
    warn_about_letters(form)
    return redirect_to(url_for(".show", project_id=project_id))


@blueprint.get("/projects/<uuid:project_id>/edit")
@requires(*MANAGERS)
def edit(project_id: UUID) -> Response:
    project = queries.get_project(project_id, person=current_actor())
    client = contact_values(contact_of(project.client_contact))
    return _form_page(ProjectForm(obj=project, data=client), project)


@blueprint.post("/projects/<uuid:project_id>")
@requires(*MANAGERS)
def update(project_id: UUID) -> Response:
    project = queries.get_project(project_id, person=current_actor())
    form = ProjectForm()
    if not form.validate_on_submit():
        return _form_page(form, project, status=422)
    try:
        service.update_project(
            project_id=project_id, facts=service.ProjectFacts(**form.facts), actor=current_actor()
        )
    except service.ProjectNameTaken as taken:
        form.name.errors = [translated(taken)]
        project = queries.get_project(project_id, person=current_actor())
        return _form_page(form, project, status=422)
    db.session.commit()
    flash(_("Saved"), "success")
    _warn_of_tax_number(form)
    warn_about_letters(form)
    return redirect_to(url_for(".show", project_id=project_id))


@blueprint.post("/projects/<uuid:project_id>/archive")
@requires(*MANAGERS)
def archive(project_id: UUID) -> Response:
    project = service.archive_project(project_id=project_id, actor=current_actor())
    name = project.name
    db.session.commit()
    flash(_("%(name)s was archived. Its reports are kept.", name=name), "success")
    return redirect_to(url_for(".show", project_id=project_id))


@blueprint.post("/projects/<uuid:project_id>/reopen")
@requires(*MANAGERS)
def reopen(project_id: UUID) -> Response:
    project = service.reopen_project(project_id=project_id, actor=current_actor())
    name = project.name
    db.session.commit()
    flash(_("%(name)s was reopened.", name=name), "success")
    return redirect_to(url_for(".show", project_id=project_id))


def _warn_of_tax_number(form: ProjectForm) -> None:
    if form.tax_number_warning:
        flash(form.tax_number_warning, "warning")


def _form_page(form: ProjectForm, project: Project | None = None, *, status: int = 200) -> Response:
    return render_page("projects/form.html", "content", status=status, form=form, project=project)
