"""Routes that schedule and cancel the deletion of a company, and request its last export."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, url_for
from flask_babel import gettext as _

from app.models import Role
from app.platform import blueprint, deletion
from app.platform.forms import DeletionForm
from app.platform.routes import company_page, company_transaction
from app.web.errors import translated
from app.web.fragments import redirect_to
from app.web.guards import current_actor, requires


@blueprint.post("/platform/companies/<uuid:tenant_id>/export")
@requires(Role.SUPERADMIN)
def prepare_export(tenant_id: UUID) -> Response:
    with company_transaction(tenant_id) as session:
        deletion.prepare_export(session, tenant_id=tenant_id, actor=current_actor())
    flash(_("The export is being generated. The company's admins can download it."), "success")
    return redirect_to(url_for(".show", tenant_id=tenant_id))


@blueprint.post("/platform/companies/<uuid:tenant_id>/deletion")
@requires(Role.SUPERADMIN)
def request_deletion(tenant_id: UUID) -> Response:
    form = DeletionForm(prefix="deletion")
    if not form.validate_on_submit():
        return company_page(tenant_id, deletion_form=form, status=422)
    try:
        with company_transaction(tenant_id) as session:
            deletion.request_deletion(
                session,
                tenant_id=tenant_id,
                slug=form.slug.data or "",
                reason=form.reason.data or "",
                waiver=(form.waiver.data or "") if form.is_waived.data else "",
                actor=current_actor(),
            )
    except deletion.SlugDiffers as refused:
        form.slug.errors = [translated(refused)]
        return company_page(tenant_id, deletion_form=form, status=422)
    except deletion.ExportMissing as refused:
        form.is_waived.errors = [translated(refused)]
        return company_page(tenant_id, deletion_form=form, status=422)
    flash(
        _("The company will be deleted. Until then, you can cancel the deletion here."), "success"
    )
    return redirect_to(url_for(".show", tenant_id=tenant_id))


@blueprint.post("/platform/companies/<uuid:tenant_id>/deletion/cancel")
@requires(Role.SUPERADMIN)
def cancel_deletion(tenant_id: UUID) -> Response:
    with company_transaction(tenant_id) as session:
        deletion.cancel_deletion(session, tenant_id=tenant_id, actor=current_actor())
    flash(_("The deletion was cancelled. The company remains suspended."), "success")
    return redirect_to(url_for(".show", tenant_id=tenant_id))
