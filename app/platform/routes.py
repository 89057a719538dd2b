"""Routes of companies on the platform: list, create, edit, plan, suspension, invitation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, current_app, flash, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from app.email_address import BadEmail, require_email
from app.errors import DomainError
from app.evidence.service import About, record
from app.exports.company.service import find_open_export
from app.extensions import db
from app.mail.queries import is_email_taken
from app.models import Role, Tenant
from app.plans.plans import PLANS, Plan
from app.platform import blueprint, queries, service, tenants
from app.platform.deletion import WAITING_PERIOD, find_last_export
from app.platform.forms import (
    TRIAL_DAYS,
    CompanyForm,
    CompanyReasonForm,
    DeletionForm,
    FactsForm,
    InviteForm,
    PlanForm,
    SupportForm,
)
from app.platform.support import list_open_support
from app.team.queries import has_active_admin, list_invitations
from app.team.service import EmailTaken
from app.tenancy import platform_scope, tenant_scope
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import current_actor, requires
from app.web.letters import warn_about_letters
from app.web.locale import html_lang, pick_time_zone


@contextmanager
def company_transaction(tenant_id: UUID) -> Iterator[Session]:
    """Open the platform's session and bind the company; commit both if the block succeeds.

    The two database roles need two transactions. The platform's is flushed first to detect errors,
    then the company's is committed: no change to a company may be missing in its own audit.
    """
    with platform_scope() as session, tenant_scope(tenant_id):
        yield session
        session.flush()
        db.session.commit()
        session.commit()


@blueprint.get("/platform/companies/")
@requires(Role.SUPERADMIN)
def index() -> Response:
    search = request.args.get("search", "")[:100]
    standing = request.args.get("standing", "")
    known = {one.value for one in queries.CompanyStatusFilter}
    found = queries.list_companies(
        search=search,
        standing=queries.CompanyStatusFilter(standing) if standing in known else None,
        page=request.args.get("page", 1, type=int),
        page_size=current_app.config["PAGE_SIZE"],
    )
    return render_page(
        "platform/index.html",
        "results",
        found=found,
        search=search,
        standing=standing if standing in known else "",
    )


@blueprint.get("/platform/companies/new")
@requires(Role.SUPERADMIN)
def new() -> Response:
    zone = pick_time_zone()
    last = (datetime.now(ZoneInfo(zone)) + timedelta(days=TRIAL_DAYS)).date()
    return _new_page(
        CompanyForm(
            plan=Plan.TRIAL.value,
            time_zone=zone,
            trial_ends_on=last,
            locale=html_lang().replace("-", "_"),
        )
    )


@blueprint.post("/platform/companies/")
@requires(Role.SUPERADMIN)
def create() -> Response:
    form = CompanyForm().offer()
    if not form.slug.data:
        form.slug.data = service.suggest_slug(form.name.data or "")
    if not form.validate_on_submit() or not _check_email_is_free(form):
        return _new_page(form, status=422)
    try:
        tenant_id = _create_company(form)
    except service.SlugTaken as taken:
        form.slug.errors = [translated(taken)]
        return _new_page(form, status=422)
    try:
        with company_transaction(tenant_id) as session:
            tenants.invite_admin(
                session,
                tenant_id=tenant_id,
                email=form.admin_email.data or "",
                name=form.admin_name.data or "",
                actor=current_actor(),
            )
        flash(_("The company was created, and the invitation is on its way."), "success")
    except DomainError as refused:
        # The company exists without people; its page offers to invite an admin.
        flash(translated(refused), "warning")
    warn_about_letters(form)
    return redirect_to(url_for(".show", tenant_id=tenant_id))


@blueprint.get("/platform/companies/<uuid:tenant_id>")
@requires(Role.SUPERADMIN)
def show(tenant_id: UUID) -> Response:
    return company_page(tenant_id)


@blueprint.get("/platform/companies/<uuid:tenant_id>/edit")
@requires(Role.SUPERADMIN)
def edit(tenant_id: UUID) -> Response:
    company = queries.get_company(tenant_id)
    return _edit_page(company, FactsForm(obj=company.tenant))


@blueprint.post("/platform/companies/<uuid:tenant_id>")
@requires(Role.SUPERADMIN)
def update(tenant_id: UUID) -> Response:
    company = queries.get_company(tenant_id)
    form = FactsForm().offer()
    if not form.validate_on_submit():
        return _edit_page(company, form, status=422)
    with company_transaction(tenant_id) as session:
        tenants.update_tenant(
            session,
            tenant_id=tenant_id,
            name=form.name.data or "",
            locale=form.locale.data,
            time_zone=form.time_zone.data,
            actor=current_actor(),
        )
    flash(_("Saved"), "success")
    warn_about_letters(form)
    return redirect_to(url_for(".show", tenant_id=tenant_id))


@blueprint.get("/platform/companies/<uuid:tenant_id>/plan")
@requires(Role.SUPERADMIN)
def plan(tenant_id: UUID) -> Response:
    company = queries.get_company(tenant_id)
    return _plan_page(company, PlanForm().offer().show(company.tenant))


@blueprint.post("/platform/companies/<uuid:tenant_id>/plan")
@requires(Role.SUPERADMIN)
def set_plan(tenant_id: UUID) -> Response:
    company = queries.get_company(tenant_id)
    form = PlanForm().offer()
    if not form.validate_on_submit():
        return _plan_page(company, form, status=422)
    with company_transaction(tenant_id) as session:
        tenants.set_plan(
            session,
            tenant_id=tenant_id,
            plan=Plan(form.plan.data),
            limits=form.limits,
            trial_ends_at=form.trial_end(company.tenant.time_zone),
            actor=current_actor(),
        )
    flash(_("Saved"), "success")
    return redirect_to(url_for(".show", tenant_id=tenant_id))


@blueprint.post("/platform/companies/<uuid:tenant_id>/suspend")
@requires(Role.SUPERADMIN)
def suspend(tenant_id: UUID) -> Response:
    form = CompanyReasonForm(prefix="suspend")
    if not form.validate_on_submit():
        return company_page(tenant_id, suspend_form=form, status=422)
    with company_transaction(tenant_id) as session:
        tenants.suspend_tenant(
            session, tenant_id=tenant_id, reason=form.reason.data or "", actor=current_actor()
        )
    flash(
        _("The company is suspended. Its people can read and export, but cannot change anything."),
        "success",
    )
    return redirect_to(url_for(".show", tenant_id=tenant_id))


@blueprint.post("/platform/companies/<uuid:tenant_id>/reactivate")
@requires(Role.SUPERADMIN)
def reactivate(tenant_id: UUID) -> Response:
    with company_transaction(tenant_id) as session:
        tenants.reactivate_tenant(session, tenant_id=tenant_id, actor=current_actor())
    flash(_("The company was reactivated."), "success")
    return redirect_to(url_for(".show", tenant_id=tenant_id))


@blueprint.post("/platform/companies/<uuid:tenant_id>/invite")
@requires(Role.SUPERADMIN)
def invite(tenant_id: UUID) -> Response:
    form = InviteForm(prefix="invite")
    if not form.validate_on_submit():
        return company_page(tenant_id, invite_form=form, status=422)
    email = form.email.data or ""
    try:
        with company_transaction(tenant_id) as session:
            is_waiting = tenants.invite_admin(
                session,
                tenant_id=tenant_id,
                email=email,
                name=form.name.data or "",
                actor=current_actor(),
            )
    except DomainError as refused:
        form.email.errors = [translated(refused)]
        return company_page(tenant_id, invite_form=form, status=422)
    if is_waiting:
        words = _(
            "The company's admins have been asked to approve the invitation to "
            "%(email)s. The link is sent when one of them approves it.",
            email=email,
        )
    else:
        words = _("The invitation to %(email)s is on its way.", email=email)
    flash(words, "success")
    return redirect_to(url_for(".show", tenant_id=tenant_id))


def company_page(tenant_id: UUID, *, status: int = 200, **forms: Any) -> Response:
    """The page of one company; `forms` are submitted forms with errors."""
    company = queries.get_company(tenant_id)
    with tenant_scope(tenant_id):
        export, open_export = find_last_export(company.tenant), find_open_export()
        looks = list_open_support()
        invited = [one for one in list_invitations() if one.is_of_platform]
        has_admin = has_active_admin()
    empty: dict[str, Any] = {
        "suspend_form": CompanyReasonForm(prefix="suspend", formdata=None),
        "invite_form": InviteForm(prefix="invite", formdata=None),
        "support_form": SupportForm(prefix="support", formdata=None),
        "deletion_form": DeletionForm(prefix="deletion", formdata=None),
    }
    shown = {**empty, **forms}
    shown["support_form"].offer()
    return render_page(
        "platform/show.html",
        "content",
        status=status,
        company=company,
        tenant=company.tenant,
        export=export,
        open_export=open_export,
        looks=looks,
        invited=invited,
        has_admin=has_admin,
        wait_days=WAITING_PERIOD.days,
        looking=current_user.support,
        **shown,
    )


def _create_company(form: CompanyForm) -> UUID:
    """Create the company. It is committed first, because its audit entry refers to it."""
    actor = current_actor()
    with platform_scope() as session:
        tenant_id = service.create_tenant(
            session,
            name=form.name.data or "",
            slug=form.slug.data or "",
            locale=form.locale.data,
            time_zone=form.time_zone.data,
            plan=Plan(form.plan.data),
            trial_ends_at=form.trial_end(form.time_zone.data),
            actor=actor,
        ).id
        session.commit()
    with tenant_scope(tenant_id):
        record(
            "tenant.created",
            About(Tenant.audit_type, tenant_id),
            actor,
            name=form.name.data,
            slug=form.slug.data,
        )
        db.session.commit()
    return tenant_id


def _check_email_is_free(form: CompanyForm) -> bool:
    """Check the e-mail before the company is created, so that a typo leaves no company without an
    admin."""
    try:
        email = require_email(form.admin_email.data or "")
    except BadEmail as bad:
        form.admin_email.errors = [translated(bad)]
        return False
    if is_email_taken(email):
        form.admin_email.errors = [translated(EmailTaken(email=email))]
        return False
    return True


def _new_page(form: CompanyForm, *, status: int = 200) -> Response:
    return render_page("platform/new.html", "content", status=status, form=form.offer())


def _edit_page(company: queries.CompanyOverview, form: FactsForm, *, status: int = 200) -> Response:
    return render_page(
        "platform/edit.html", "content", status=status, form=form.offer(), tenant=company.tenant
    )


def _plan_page(company: queries.CompanyOverview, form: PlanForm, *, status: int = 200) -> Response:
    return render_page(
        "platform/plan.html",
        "content",
        status=status,
        form=form.offer(),
        tenant=company.tenant,
        of_plans=PLANS,
    )
