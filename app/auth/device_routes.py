"""Routes of the devices on which one is signed in, and of the log of sign-ins."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, url_for
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import blueprint, queries, service
from app.auth.doors import door_of
from app.web.fragments import redirect_to, render_page
from app.web.guards import SIGNED_IN, current_actor, requires


@blueprint.get("/account/devices")
@requires(*SIGNED_IN)
def devices() -> Response:
    with door_of(current_actor()) as door:
        found = queries.list_devices(door, this_session=current_user.session_id)
    return render_page("auth/devices.html", "content", devices=found)


@blueprint.post("/account/devices/<uuid:session_id>/sign-out")
@requires(*SIGNED_IN, even_suspended=True)
def sign_out_device(session_id: UUID) -> Response:
    with door_of(actor := current_actor()) as door:
        service.sign_out_device(door=door, session_id=session_id, actor=actor)
        door.session.commit()
    flash(_("That device is logged out."), "success")
    return redirect_to(url_for(".devices"))


@blueprint.post("/account/devices/sign-out-others")
@requires(*SIGNED_IN, even_suspended=True)
def sign_out_others() -> Response:
    with door_of(actor := current_actor()) as door:
        service.sign_out_others(door=door, keep_session=current_user.session_id, actor=actor)
        door.session.commit()
    flash(_("Every other device is logged out."), "success")
    return redirect_to(url_for(".devices"))


@blueprint.get("/account/sign-ins")
@requires(*SIGNED_IN)
def sign_ins() -> Response:
    with door_of(current_actor()) as door:
        found = queries.list_sign_ins(door)
    return render_page("auth/sign_ins.html", "content", sign_ins=found)
