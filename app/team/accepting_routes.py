"""Public routes of an invitation link, for people without an account."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from flask import Response, make_response, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_limiter import RequestLimit
from flask_login import current_user

from app.auth import identity
from app.auth.account_stores import Visit
from app.auth.passwords import WeakPassword
from app.extensions import db
from app.team import blueprint
from app.team.accepting import (
    LinkRefused,
    LinkUsed,
    OpenInvitation,
    accept_invitation,
    read_invitation,
)
from app.team.forms import INHERITED, AcceptForm
from app.tenancy import tenant_scope
from app.web.errors import sentence_for, translated
from app.web.fragments import redirect_to, render_page, render_text, varied
from app.web.guards import public
from app.web.headers import request_id
from app.web.tries import SHARED_ADDRESS_FACTOR, address_key, counted, per_minute


def _link_key() -> str:
    token = (request.view_args or {}).get("token", "")
    return sha256(token.encode(errors="replace")).hexdigest()


def _was_refused(status: int) -> bool:
    return status >= 400


def _too_many_tries(_limit: RequestLimit) -> Response:
    return _refused(429, sentence_for(429))


@blueprint.get("/invitation/<token>")
@public
def invitation(token: str) -> Response:
    try:
        found = read_invitation(token)
    except LinkRefused as error:
        return _refused_link(error)
    with force_locale(found.language):
        return _form_page(found)


@blueprint.post("/invitation/<token>")
@public
@counted(
    "invitation",
    per_minute(_link_key, 2),
    per_minute(address_key, SHARED_ADDRESS_FACTOR),
    on_breach=_too_many_tries,
    is_wrong=_was_refused,
)
def accept(token: str) -> Response:
    try:
        found = read_invitation(token)
        with force_locale(found.language):
            return _join(found)
    except LinkRefused as error:
        return _refused_link(error)


def _join(found: OpenInvitation) -> Response:
    form = AcceptForm().offer(found)
    if current_user.is_authenticated or not form.validate_on_submit():
        return _form_page(found, form)
    visit = Visit(request.user_agent.string, request.remote_addr or "", request_id())
    try:
        with tenant_scope(found.tenant_id):
            token = accept_invitation(
                invitation_id=found.id,
                generation=found.generation,
                chosen=form.chosen,
                visit=visit,
            )
            db.session.commit()
    except WeakPassword as error:
        form.new.errors = [translated(error)]
        return _form_page(found, form)
    identity.remember(token)
    return redirect_to(url_for("home.index"))


def _form_page(found: OpenInvitation, refused: AcceptForm | None = None) -> Response:
    """The form; if somebody is logged in, a request to log out first."""
    if current_user.is_authenticated:
        return render_page(
            "team/invitation_other.html",
            "content",
            status=409 if refused else 200,
            invitation=found,
        )
    form = refused or AcceptForm(
        formdata=None, name=found.name, locale=found.locale or INHERITED, time_zone=INHERITED
    ).offer(found)
    return render_page(
        "team/invitation.html",
        "content",
        status=422 if refused else 200,
        invitation=found,
        form=form,
    )


def _refused_link(error: LinkRefused) -> Response:
    is_used = isinstance(error, LinkUsed)
    return _refused(error.status, translated(error), to_login=is_used)


def _refused(status: int, sentence: str, *, to_login: bool = False) -> Response:
    link: dict[str, Any] = {}
    if to_login and not current_user.is_authenticated:
        link = {"next_url": url_for("auth.login"), "next_label": _("Log in")}
    title = _("Too many attempts") if status == 429 else _("This invitation does not work")
    body = render_text("errors/error.html", status=status, sentence=sentence, title=title, **link)
    return varied(make_response(body, status))
