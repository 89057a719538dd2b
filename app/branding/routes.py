"""Routes of the brand page: show, save, and preview unsaved changes."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from app.branding import blueprint, service
from app.branding.colours import ColourCheck, check_colours
from app.branding.draft import Draft, draft_of
from app.branding.forms import BrandForm, values_of
from app.branding.preview import service as previews
from app.branding.stylesheet_routes import immutable_response
from app.downloads.files import open_stored
from app.extensions import db
from app.models import Role
from app.web.errors import translated
from app.web.fragments import redirect_to, render_fragment, render_page, wants_fragment
from app.web.guards import current_actor, requires
from app.web.letters import warn_about_letters

COLOURS = ("accent", "second", "third")


@blueprint.get("/company/brand")
@requires(Role.ADMIN)
def edit() -> Response:
    """With `unsaved`, the form shows the settings of the person's newest preview."""
    draft = draft_of(current_user.tenant)
    newest = previews.find_view(current_user.account_id).newest
    if newest and request.args.get("unsaved"):
        draft = Draft.of(draft.model_dump() | newest.settings)
    return _page(BrandForm(formdata=None, data=values_of(draft)))


@blueprint.post("/company/brand")
@requires(Role.ADMIN)
def update() -> Response:
    form = BrandForm(data=values_of(draft_of(current_user.tenant)))
    if not form.validate_on_submit():
        return _page(form, status=422)
    try:
        _save(form)
    except service.LogoRefused as refused:
        db.session.rollback()
        form[refused.params["which"]].errors = [translated(refused)]
        return _page(form, status=422)
    db.session.commit()
    flash(_("Saved"), "success")
    warn_about_letters(form)
    return redirect_to(url_for(".edit"))


@blueprint.get("/company/brand/colours")
@requires(Role.ADMIN)
def colours() -> Response:
    """Check the contrast of the colours while they are being chosen."""
    form = BrandForm(formdata=request.args)
    return render_fragment("branding/_colours.html", checks=_checks(form), form=form)


@blueprint.post("/company/brand/preview")
@requires(Role.ADMIN)
def preview() -> Response:
    """Request a preview of the form, saved or not. It replaces an older request."""
    form = BrandForm(data=values_of(draft_of(current_user.tenant)))
    if not form.validate_on_submit():
        view = previews.find_view(current_user.account_id)
        if wants_fragment():
            return render_fragment("branding/_preview.html", status=422, view=view, refused=True)
        return _page(form, status=422)
    previews.request_preview(form.draft, account_id=current_user.account_id)
    db.session.commit()
    if wants_fragment():
        return _preview()
    return redirect_to(url_for(".edit", unsaved=1, _anchor="brand-preview"))


@blueprint.get("/company/brand/preview")
@requires(Role.ADMIN)
def preview_status() -> Response:
    """Show the state of the person's newest preview. The fragment polls until it is settled."""
    if not wants_fragment():
        return redirect_to(url_for(".edit", unsaved=1, _anchor="brand-preview"))
    return _preview()


@blueprint.get("/company/brand/preview/<uuid:preview_id>/<any(cover,page,photo):part>")
@requires(Role.ADMIN)
def picture(preview_id: UUID, part: str) -> Response:
    with open_stored(previews.get_picture(preview_id, part)) as stored:
        return immutable_response(stored.read(), previews.PARTS[part])


def _save(form: BrandForm) -> None:
    draft, actor = form.draft, current_actor()
    service.brand_tenant(
        service.Brand(
            logo=form.logo_bytes("logo"),
            second_logo=form.logo_bytes("second_logo"),
            contact=draft.contact,
            contact_parts=draft.contact_parts,
            removed_logos=form.removed_logos,
            **draft.colours,
        ),
        actor=actor,
    )
    service.change_watermark(draft.watermark, actor=actor)
    service.change_pdf(draft.pdf, actor=actor)


def _page(form: BrandForm, *, status: int = 200) -> Response:
    view = previews.find_view(current_user.account_id)
    is_fresh = bool(form.errors) or previews.shows_draft(view, form.draft)
    return render_page(
        "branding/edit.html",
        "content",
        status=status,
        form=form,
        checks=_checks(form),
        view=view,
        is_fresh=is_fresh,
    )


def _preview() -> Response:
    view = previews.find_view(current_user.account_id)
    return render_fragment("branding/_preview.html", view=view)


def _checks(form: BrandForm) -> list[ColourCheck]:
    return check_colours({name: form[name].data or "" for name in COLOURS})
