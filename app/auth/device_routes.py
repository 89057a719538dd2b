"""Routes of the user's signed-in devices and sign-in log."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, url_for
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import blueprint, queries, service
from app.auth.account_stores import account_store
from app.web.fragments import redirect_to, render_page
from app.web.guards import SIGNED_IN, current_actor, requires


@blueprint.get("/account/devices")
@requires(*SIGNED_IN)
def devices() -> Response:
    with account_store(current_actor()) as store:
        found = queries.list_devices(store, this_session=current_user.session_id)
    return render_page("auth/devices.html", "content", devices=found)


@blueprint.post("/account/devices/<uuid:session_id>/sign-out")
@requires(*SIGNED_IN, even_suspended=True)
def sign_out_device(session_id: UUID) -> Response:
    with account_store(actor := current_actor()) as store:
        service.sign_out_device(store=store, session_id=session_id, actor=actor)
        store.session.commit()
    flash(_("The device was logged out."), "success")
    return redirect_to(url_for(".devices"))


@blueprint.post("/account/devices/sign-out-others")
@requires(*SIGNED_IN, even_suspended=True)
def sign_out_others() -> Response:
    with account_store(actor := current_actor()) as store:
        service.sign_out_others(store=store, keep_session=current_user.session_id, actor=actor)
        store.session.commit()
    flash(_("All other devices were logged out."), "success")
    return redirect_to(url_for(".devices"))


@blueprint.get("/account/sign-ins")
@requires(*SIGNED_IN)
def sign_ins() -> Response:
    with account_store(current_actor()) as store:
        found = queries.list_sign_ins(store)
    return render_page("auth/sign_ins.html", "content", sign_ins=found)
