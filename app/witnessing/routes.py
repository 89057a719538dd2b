"""Routes of managers: the links of a report, a new one, the code to scan, and the revocation."""

from __future__ import annotations

from uuid import UUID

import segno
from flask import Response, flash, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from app.email_address import BadEmail
from app.errors import DomainError
from app.extensions import db
from app.mail.addresses import witness_address
from app.models import MANAGERS, Report
from app.reports.queries import get_report
from app.rows import company_today, own_tenant
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import current_actor, requires
from app.witnessing import blueprint, links
from app.witnessing.forms import LinkForm


@blueprint.get("/reports/<uuid:report_id>/witnesses")
@requires(*MANAGERS)
def index(report_id: UUID) -> Response:
    report = get_report(report_id, person=current_actor())
    return _links_page(report, _form(report))


@blueprint.post("/reports/<uuid:report_id>/witnesses")
@requires(*MANAGERS)
def send(report_id: UUID) -> Response:
    report = get_report(report_id, person=current_actor())
    form = _form(report)
    if not form.validate():
        return _links_page(report, form, status=422)
    try:
        witness = links.send_link(report_id=report_id, facts=form.facts, actor=current_actor())
    except (BadEmail, links.UnknownRole, links.BadDay, links.TooManyLinks) as error:
        return _refused(report_id, form, error)
    witness_id, email = witness.id, witness.email
    db.session.commit()
    if email:
        flash(_("The link is on its way to %(email)s.", email=email), "success")
    else:
        flash(_("The link is ready. Let the witness scan the code."), "success")
    return redirect_to(url_for(".show", report_id=report_id, witness_id=witness_id))


@blueprint.get("/reports/<uuid:report_id>/witnesses/<uuid:witness_id>")
@requires(*MANAGERS)
def show(report_id: UUID, witness_id: UUID) -> Response:
    """The link as a code to scan and as text, for whoever may send it."""
    report, witness = links.get_link(report_id, witness_id, person=current_actor())
    shown = witness_address(witness) if witness.is_open and links.is_known(witness) else ""
    return render_page(
        "witnessing/link.html",
        "content",
        report=report,
        witness=witness,
        address=shown,
        qr=_qr(shown) if shown else "",
        mail=next(iter(links.list_mails(witness)), None),
    )


@blueprint.post("/reports/<uuid:report_id>/witnesses/<uuid:witness_id>/send")
@requires(*MANAGERS)
def resend(report_id: UUID, witness_id: UUID) -> Response:
    try:
        witness = links.resend_link(
            report_id=report_id, witness_id=witness_id, actor=current_actor()
        )
    except links.NOT_RESENT as refused:
        flash(translated(refused), "warning")
        return redirect_to(url_for(".show", report_id=report_id, witness_id=witness_id))
    email = witness.email
    db.session.commit()
    flash(_("The link is on its way to %(email)s.", email=email), "success")
    return redirect_to(url_for(".show", report_id=report_id, witness_id=witness_id))


@blueprint.post("/reports/<uuid:report_id>/witnesses/<uuid:witness_id>/revoke")
@requires(*MANAGERS)
def revoke(report_id: UUID, witness_id: UUID) -> Response:
    witness = links.revoke_link(report_id=report_id, witness_id=witness_id, actor=current_actor())
    name = witness.name
    db.session.commit()
    flash(_("The link of %(name)s was revoked.", name=name), "success")
    return redirect_to(url_for(".index", report_id=report_id))


def _form(report: Report) -> LinkForm:
    tenant = own_tenant()
    form = LinkForm()
    return form.offer(report.version.definition, company_today(tenant), links.last_day(tenant))


def _links_page(report: Report, form: LinkForm, *, status: int = 200) -> Response:
    return render_page(
        "witnessing/index.html",
        "content",
        status=status,
        report=report,
        links=links.list_links(report),
        form=form,
    )


def _refused(report_id: UUID, form: LinkForm, error: DomainError) -> Response:
    db.session.rollback()
    field = {BadEmail: form.email, links.UnknownRole: form.role_id}.get(type(error), form.until)
    field.errors = [translated(error)]
    return _links_page(get_report(report_id, person=current_actor()), form, status=422)


def _qr(address: str) -> Markup:
    """The code as an SVG element without style attributes; dark on white in both themes."""
    code = segno.make(address, error="m", micro=False)
    return Markup(code.svg_inline(border=2, omitsize=True, light="white"))  # noqa: S704 - made here
