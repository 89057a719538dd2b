"""Routes that open and end support access to a company. Its admins can end it too."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Response, flash, url_for
from flask_babel import gettext as _
from flask_login import current_user

from app.auth.identity import OpenSupport
from app.errors import NotFound
from app.models import Role
from app.platform import blueprint, queries, support
from app.platform.forms import SupportForm
from app.platform.routes import company_page, company_transaction
from app.tenancy import require_tenant
from app.web.errors import translated
from app.web.fragments import redirect_to
from app.web.guards import current_actor, requires


@blueprint.post("/platform/companies/<uuid:tenant_id>/support")
@requires(Role.SUPERADMIN)
def open_support(tenant_id: UUID) -> Response:
    queries.get_company(tenant_id)
    form = SupportForm(prefix="support").offer()
    if looking := current_user.support:
        if looking.tenant_id == tenant_id:  # double click
            return redirect_to(url_for("home.index"))
        refused = support.SupportAlreadyOpen(name=looking.company)
        form.form_errors = [translated(refused)]
        return company_page(tenant_id, support_form=form, status=refused.status)
    if not form.validate_on_submit():
        return company_page(tenant_id, support_form=form, status=422)
    with company_transaction(tenant_id) as session:
        support.open_support(
            session,
            tenant_id=tenant_id,
            superadmin_session=current_user.session_id,
            minutes=form.minutes.data,
            reason=form.reason.data or "",
            actor=current_actor(),
        )
    return redirect_to(url_for("home.index"))


@blueprint.post("/platform/support/end")
@requires(Role.SUPERADMIN)
def end_support() -> Response:
    """End the superadmin's own support access. A repeated request does nothing."""
    looking = current_user.support
    if looking is None:
        return redirect_to(url_for(".index"))
    with company_transaction(looking.tenant_id) as session:
        support.end_support(session, access_id=looking.access_id, actor=current_actor())
    flash(_("The support access to %(name)s has ended.", name=looking.company), "success")
    return redirect_to(url_for(".show", tenant_id=looking.tenant_id))


@blueprint.post("/support/<uuid:access_id>/end")
@requires(Role.ADMIN, even_suspended=True)
def end_visit(access_id: UUID) -> Response:
    """Let an admin end a support access to their own company."""
    if not support.is_support_of_company(access_id):
        raise NotFound
    with company_transaction(require_tenant()) as session:
        support.end_support(session, access_id=access_id, actor=current_actor())
    flash(_("The support access to your company has ended."), "success")
    return redirect_to(url_for("home.index"))


@blueprint.app_template_global("open_support_accesses")
def open_support_accesses() -> Sequence[OpenSupport]:
    """The support accesses in the banner for a company's members."""
    return current_user.visits if current_user.is_authenticated else ()
