"""Routes of platform: a look into a company, which its admins can end as well."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, url_for
from flask_babel import gettext as _
from flask_login import current_user

from app.errors import NotFound
from app.models import Role
from app.platform import blueprint, queries, support
from app.platform.forms import SupportForm
from app.platform.routes import changing, company_page
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
        if looking.tenant_id == tenant_id:  # a second tap
            return redirect_to(url_for("home.index"))
        refused = support.AlreadyLooking(name=looking.company)
        form.form_errors = [translated(refused)]
        return company_page(tenant_id, support_form=form, status=refused.status)
    if not form.validate_on_submit():
        return company_page(tenant_id, support_form=form, status=422)
    with changing(tenant_id) as session:
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
    """The superadmin's own; a second time there is none any more, and nothing happens."""
    looking = current_user.support
    if looking is None:
        return redirect_to(url_for(".index"))
    with changing(looking.tenant_id) as session:
        support.end_support(session, access_id=looking.access_id, actor=current_actor())
    flash(_("The support access to %(name)s has ended.", name=looking.company), "success")
    return redirect_to(url_for(".show", tenant_id=looking.tenant_id))


@blueprint.post("/support/<uuid:access_id>/end")
@requires(Role.ADMIN, even_suspended=True)
def end_visit(access_id: UUID) -> Response:
    """An admin ends a look into their own company."""
    if not support.is_of_company(access_id):
        raise NotFound
    with changing(require_tenant()) as session:
        support.end_support(session, access_id=access_id, actor=current_actor())
    flash(_("The support access to your company has ended."), "success")
    return redirect_to(url_for("home.index"))


@blueprint.app_template_global("open_looks")
def open_looks() -> list[support.OpenLook]:
    """What the banner of a company's own people tells; asked once a page."""
    is_member = current_user.is_authenticated and current_user.tenant is not None
    return support.find_open_looks() if is_member and not current_user.is_support else []
