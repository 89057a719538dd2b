"""Routes of auth: the login and the logout. What the other routes of auth share stands here too.

The second step is in second_step_routes.py, one's own account in account_routes.py and beside it.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from flask import Response, current_app, request, url_for
from flask_babel import gettext as _
from flask_limiter import RequestLimit
from flask_limiter.util import get_remote_address
from flask_login import current_user

from app.auth import blueprint, identity, service
from app.auth.doors import Visit, door_of, door_of_email
from app.auth.forms import LoginForm, tidy_email
from app.auth.passkeys import passkeys_work
from app.auth.redirects import safe_next
from app.extensions import limiter
from app.web.errors import sentence_for
from app.web.fragments import redirect_to, render_page
from app.web.guards import SIGNED_IN, current_actor, public, requires
from app.web.headers import request_id

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
# From one address, or at one account from everywhere: an office shares its address.
MANY = 10


def tries(times: int = 1) -> str:
    return f"{current_app.config['LOGIN_TRIES_PER_MINUTE'] * times} per minute"


def account_key() -> str:
    return sha256(tidy_email(request.form.get("email")).encode()).hexdigest()


def was_refused(response: Response) -> bool:
    return response.status_code == 422


def this_visit() -> Visit:
    return Visit(request.user_agent.string, request.remote_addr or "", request_id())


def _too_many_tries(_limit: RequestLimit) -> Response:
    return login_page(LoginForm(), status=429, refusal=sentence_for(429))


_refusals: dict[str, Any] = {"deduct_when": was_refused, "on_breach": _too_many_tries}


@blueprint.get("/login")
@public
def login() -> Response:
    onward = safe_next(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect_to(onward or url_for("home.index"))
    return login_page(LoginForm(next=onward))


@blueprint.post("/login")
@public
@limiter.limit(tries, key_func=lambda: f"{account_key()} {get_remote_address()}", **_refusals)
@limiter.limit(lambda: tries(MANY), key_func=account_key, **_refusals)
@limiter.limit(lambda: tries(MANY), key_func=get_remote_address, **_refusals)
def sign_in() -> Response:
    form = LoginForm()
    if not form.validate_on_submit():
        return login_page(form, status=422)
    with door_of_email(form.email.data or "") as door:
        entry = service.sign_in(door=door, password=form.password.data or "", visit=this_visit())
        door.session.commit()
    if entry is None:
        refusal = _("The e-mail or the password is not right.")
        return login_page(form, status=422, refusal=refusal)
    onward = safe_next(form.next.data)
    if entry.token is None:
        identity.remember_half_way(entry.half_way or "")
        return redirect_to(url_for(".second_step", next=onward))
    identity.remember(entry.token)
    return redirect_to(onward or url_for("home.index"))


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
@requires(*SIGNED_IN, even_suspended=True, even_unproven=True)
def logout() -> Response:
    actor = current_actor()
    with door_of(actor) as door:
        service.sign_out(door=door, session_id=current_user.session_id, actor=actor)
        door.session.commit()
    identity.forget()
    return redirect_to(url_for(".login"))
