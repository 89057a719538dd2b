"""Routes of login and logout, and helpers that the other auth routes share.

The second step is in second_step_routes.py, the user's own account in account_routes.py.
"""

from __future__ import annotations

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_limiter import RequestLimit
from flask_login import current_user

from app.auth import blueprint, identity, service
from app.auth.account_stores import Visit, account_store, account_store_by_email
from app.auth.forms import LoginForm
from app.auth.passkeys import passkeys_work
from app.auth.redirects import safe_next
from app.email_address import email_to_look_up
from app.web import known_browsers
from app.web.errors import sentence_for
from app.web.fragments import redirect_to, render_page
from app.web.guards import SIGNED_IN, current_actor, public, requires
from app.web.headers import request_id
from app.web.tries import (
    SHARED_ADDRESS_FACTOR,
    address_key,
    counted,
    is_daily,
    per_day,
    per_minute,
    subject_key,
)

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def account_key() -> str:
    """The account typed into the form, whether it exists or not."""
    return subject_key(email_to_look_up(request.form.get("email")))


def account_and_address_key() -> str:
    return f"{account_key()} {address_key()}"


def this_visit() -> Visit:
    return Visit(request.user_agent.string, request.remote_addr or "", request_id())


def _too_many_tries(limit: RequestLimit) -> Response:
    words = _(
        "Too many wrong passwords for this e-mail today. Choose a new password "
        "by e-mail to log in immediately, or try again tomorrow."
    )
    return login_page(
        LoginForm(), status=429, refusal=words if is_daily(limit) else sentence_for(429)
    )


@blueprint.get("/login")
@public
def login() -> Response:
    target = safe_next(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect_to(target or url_for("home.index"))
    return login_page(LoginForm(next=target))


@blueprint.post("/login")
@public
@counted(
    "login",
    per_minute(account_and_address_key),
    per_minute(address_key, SHARED_ADDRESS_FACTOR),
    per_minute(account_key, SHARED_ADDRESS_FACTOR),
    per_day(account_key),
    on_breach=_too_many_tries,
)
def sign_in() -> Response:
    form = LoginForm()
    if not form.validate_on_submit():
        return login_page(form, status=422)
    with account_store_by_email(form.email.data or "") as store:
        result = service.sign_in(store=store, password=form.password.data or "", visit=this_visit())
        if store.person and result and result.token:
            known_browsers.remember(store.person)
        store.session.commit()
    if result is None:
        refusal = _("The e-mail or password is incorrect.")
        return login_page(form, status=422, refusal=refusal)
    target = safe_next(form.next.data)
    if result.token is None:
        identity.remember_half_way(result.half_way or "")
        return redirect_to(url_for(".second_step", next=target))
    identity.remember(result.token)
    return redirect_to(target or url_for("home.index"))


def login_page(form: LoginForm, *, status: int = 200, refusal: str | None = None) -> Response:
    host = (request.host.rpartition(":")[0] or request.host).strip("[]")
    is_insecure = not request.is_secure and host not in LOCAL_HOSTS
    return render_page(
        "auth/login.html",
        "content",
        status=status,
        form=form,
        refusal=refusal,
        is_insecure=is_insecure,
        passkeys_work=passkeys_work(),
    )


@blueprint.post("/logout")
@requires(*SIGNED_IN, even_suspended=True, even_without_second_factor=True)
def logout() -> Response:
    actor = current_actor()
    with account_store(actor) as store:
        service.sign_out(store=store, session_id=current_user.session_id, actor=actor)
        store.session.commit()
    identity.forget()
    return redirect_to(url_for(".login"))
