"""Routes of people: list, person, role, projects, deactivation, and the overview of roles."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, flash, request, url_for
from flask_babel import gettext as _

from app.extensions import db
from app.models import Account, Role
from app.plans.limits import LimitReached
from app.reports.assigning.service import NotAssignable
from app.reports.listing.queries import list_open_reports_of
from app.team import blueprint, granting, queries, service
from app.team.forms import GrantsForm, HandOverForm, RoleForm, address_of, read_filters
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import MEMBERS, current_actor, requires

SHOWN_REPORTS = 20


@blueprint.get("/people/")
@requires(Role.ADMIN)
def index() -> Response:
    filters = read_filters(request.args)
    return render_page(
        "team/index.html",
        "results",
        found=queries.list_people(
            filters,
            page=request.args.get("page", 1, type=int),
            page_size=current_app.config["PAGE_SIZE"],
        ),
        filters=filters,
        address=address_of(filters),
        counts=queries.count_roles(),
        invitations=queries.list_invitations(),
    )


@blueprint.get("/people/roles")
@requires(*MEMBERS)
def roles() -> Response:
    return render_page("team/roles.html", "content")


@blueprint.get("/people/<uuid:account_id>")
@requires(Role.ADMIN)
def show(account_id: UUID) -> Response:
    return _person_page(queries.get_person(account_id))


@blueprint.post("/people/<uuid:account_id>/role")
@requires(Role.ADMIN)
def change_role(account_id: UUID) -> Response:
    person = queries.get_person(account_id)
    form = RoleForm().offer(queries.list_possible_assignees(exclude=person.id))
    if not form.validate_on_submit():
        return _person_page(person, status=422, role_form=form)
    try:
        service.change_role(
            account_id=account_id,
            role=Role(form.role.data),
            hand_over_to=form.hand_over_to.data,
            actor=current_actor(),
        )
    except (service.LastAdmin, service.OwnAccount, NotAssignable) as error:
        db.session.rollback()
        form.role.errors = [translated(error)]
        return _person_page(queries.get_person(account_id), status=422, role_form=form)
    return _done(account_id, _("Saved"))


@blueprint.post("/people/<uuid:account_id>/projects")
@requires(Role.ADMIN)
def update_projects(account_id: UUID) -> Response:
    person = queries.get_person(account_id)
    form = GrantsForm().offer(queries.list_projects())
    if not form.validate_on_submit():
        return _person_page(person, status=422, grants_form=form)
    granting.set_grants(
        account_id=account_id, project_ids=form.projects.data or (), actor=current_actor()
    )
    return _done(account_id, _("Saved"))


@blueprint.post("/people/<uuid:account_id>/deactivate")
@requires(Role.ADMIN)
def deactivate(account_id: UUID) -> Response:
    person = queries.get_person(account_id)
    form = HandOverForm().offer(queries.list_possible_assignees(exclude=person.id))
    if not form.validate_on_submit():
        return _person_page(person, status=422, state_form=form)
    try:
        service.deactivate_account(
            account_id=account_id, hand_over_to=form.hand_over_to.data, actor=current_actor()
        )
    except (service.LastAdmin, service.OwnAccount, NotAssignable) as error:
        db.session.rollback()
        form.hand_over_to.errors = [translated(error)]
        return _person_page(queries.get_person(account_id), status=422, state_form=form)
    return _done(account_id, _("The account was deactivated and logged out everywhere."))


@blueprint.post("/people/<uuid:account_id>/reactivate")
@requires(Role.ADMIN)
def reactivate(account_id: UUID) -> Response:
    try:
        service.reactivate_account(account_id=account_id, actor=current_actor())
    except LimitReached as error:
        db.session.rollback()
        person = queries.get_person(account_id)
        return _person_page(person, status=422, refusal=translated(error))
    return _done(account_id, _("The account is active again. The password is the same as before."))


@blueprint.post("/people/<uuid:account_id>/second-factor")
@requires(Role.ADMIN)
def reset_second_factor(account_id: UUID) -> Response:
    try:
        service.reset_second_factor(account_id=account_id, actor=current_actor())
    except service.OwnAccount as error:
        db.session.rollback()
        person = queries.get_person(account_id)
        return _person_page(person, status=422, refusal=translated(error))
    return _done(account_id, _("The second factor was removed, and every device was logged out."))


def _person_page(person: Account, *, status: int = 200, **refused: Any) -> Response:
    """`refused` holds the rejected form, or the reason why nothing was done."""
    fillers = queries.list_possible_assignees(exclude=person.id)
    projects = queries.list_projects() if person.role is Role.VIEWER else []
    grants = GrantsForm(formdata=None, projects=list(granting.granted_projects(person.id)))
    context: dict[str, Any] = {
        "role_form": RoleForm(formdata=None, role=person.role.value).offer(fillers),
        "state_form": HandOverForm(formdata=None).offer(fillers),
        "grants_form": grants.offer(projects),
        "refusal": None,
        **refused,
    }
    return render_page(
        "team/show.html",
        "content",
        status=status,
        person=person,
        reports=list_open_reports_of(person.id, person=current_actor(), limit=SHOWN_REPORTS),
        open_count=queries.count_open_reports_of(person.id),
        sign_ins=queries.list_sign_ins(person.id),
        factors=queries.get_second_factors(person),
        **context,
    )


def _done(account_id: UUID, words: str) -> Response:
    """Commit, then redirect to the person's page with `words`."""
    db.session.commit()
    flash(words, "success")
    return redirect_to(url_for(".show", account_id=account_id))
