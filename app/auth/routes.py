"""Routes of auth: the login, the logout, one's own account."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from flask import Response, current_app, flash, request, url_for
from flask_babel import gettext as _
from flask_limiter import RequestLimit
from flask_limiter.util import get_remote_address
from flask_login import current_user

from app.auth import blueprint, identity, service
from app.auth.doors import door_of, door_of_email
from app.auth.forms import INHERITED, LoginForm, PasswordForm, PreferencesForm, tidy_email
from app.auth.passwords import WeakPassword
from app.auth.redirects import safe_next
from app.extensions import limiter
from app.web.errors import sentence_for, translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import SIGNED_IN, current_actor, public, requires
from app.web.headers import request_id

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
# From one address, or at one account from everywhere: an office shares its address.
MANY = 10


def _tries(times: int = 1) -> str:
    return f"{current_app.config['LOGIN_TRIES_PER_MINUTE'] * times} per minute"


def _account_key() -> str:
    return sha256(tidy_email(request.form.get("email")).encode()).hexdigest()


def _was_refused(response: Response) -> bool:
    return response.status_code == 422


def _too_many_tries(_limit: RequestLimit) -> Response:
    return _login_page(LoginForm(), status=429, refusal=sentence_for(429))


_refusals: dict[str, Any] = {"deduct_when": _was_refused, "on_breach": _too_many_tries}


@blueprint.get("/login")
@public
def login() -> Response:
    onward = safe_next(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect_to(onward or url_for("home.index"))
    return _login_page(LoginForm(next=onward))


@blueprint.post("/login")
@public
@limiter.limit(_tries, key_func=lambda: f"{_account_key()} {get_remote_address()}", **_refusals)
@limiter.limit(lambda: _tries(MANY), key_func=_account_key, **_refusals)
@limiter.limit(lambda: _tries(MANY), key_func=get_remote_address, **_refusals)
def sign_in() -> Response:
    form = LoginForm()
    if not form.validate_on_submit():
        return _login_page(form, status=422)
    with door_of_email(form.email.data or "") as door:
        token = service.sign_in(
            door=door,
            password=form.password.data or "",
            user_agent=request.user_agent.string,
            ip=request.remote_addr or "",
            request_id=request_id(),
        )
        door.session.commit()
    if token is None:
        refusal = _("The e-mail or the password is not right.")
        return _login_page(form, status=422, refusal=refusal)
    identity.remember(token)
    return redirect_to(safe_next(form.next.data) or url_for("home.index"))


def _login_page(form: LoginForm, *, status: int = 200, refusal: str | None = None) -> Response:
    host = (request.host.rpartition(":")[0] or request.host).strip("[]")
    is_insecure = not request.is_secure and host not in LOCAL_HOSTS
    return render_page(
        "auth/login.html",
        "content",
        status=status,
        form=form,
        refusal=refusal,
        is_insecure=is_insecure,
    )


@blueprint.post("/logout")
@requires(*SIGNED_IN, even_suspended=True)
def logout() -> Response:
    actor = current_actor()
    with door_of(actor) as door:
        service.sign_out(door=door, session_id=current_user.session_id, actor=actor)
        door.session.commit()
    identity.forget()
    return redirect_to(url_for(".login"))


@blueprint.get("/account")
@requires(*SIGNED_IN)
def account() -> Response:
    return _account_page()


@blueprint.post("/account")
@requires(*SIGNED_IN, even_suspended=True)
def update() -> Response:
    form = _preferences_form()
    if not form.validate_on_submit():
        return _account_page(preferences=form, status=422)
    with door_of(actor := current_actor()) as door:
        service.update_preferences(door=door, **form.choice, actor=actor)
        door.session.commit()
    flash(_("Saved"), "success")
    return redirect_to(url_for(".account"))


@blueprint.post("/account/password")
@requires(*SIGNED_IN, even_suspended=True)
@limiter.limit(_tries, key_func=lambda: str(current_user.id), deduct_when=_was_refused)
def change_password() -> Response:
    form = PasswordForm()
    if not form.validate_on_submit():
        return _account_page(password=form, status=422)
    try:
        with door_of(actor := current_actor()) as door:
            service.change_password(
                door=door,
                current=form.current.data or "",
                new=form.new.data or "",
                keep_session=current_user.session_id,
                actor=actor,
            )
            door.session.commit()
    except service.WrongPassword as error:
        form.current.errors = [translated(error)]
        return _account_page(password=form, status=422)
    except WeakPassword as error:
        form.new.errors = [translated(error)]
        return _account_page(password=form, status=422)
    flash(_("The password is changed. Every other device is logged out."), "success")
    return redirect_to(url_for(".account"))


def _preferences_form() -> PreferencesForm:
    form = PreferencesForm(
        locale=current_user.locale or INHERITED, time_zone=current_user.time_zone or INHERITED
    )
    tenant = current_user.tenant
    return form.offer(company_zone=tenant.time_zone if tenant else None)


def _account_page(
    *,
    preferences: PreferencesForm | None = None,
    password: PasswordForm | None = None,
    status: int = 200,
) -> Response:
    return render_page(
        "auth/account.html",
        "content",
        status=status,
        preferences=preferences or _preferences_form(),
        password=password or PasswordForm(formdata=None),
    )
