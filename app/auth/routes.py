"""Routes of auth: the login and the logout. What the other routes of auth share stands here too.

The second step is in second_step_routes.py, one's own account in account_routes.py and beside it.
"""

from __future__ import annotations

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_limiter import RequestLimit
from flask_login import current_user

from app.auth import blueprint, identity, service
from app.auth.doors import Visit, door_of, door_of_email
from app.auth.forms import LoginForm, tidy_email
from app.auth.passkeys import passkeys_work
from app.auth.redirects import safe_next
from app.web import known_browsers
from app.web.errors import sentence_for
from app.web.fragments import redirect_to, render_page
from app.web.guards import SIGNED_IN, current_actor, public, requires
from app.web.headers import request_id
from app.web.tries import (
    MANY,
    a_day,
    a_minute,
    address_key,
    counted,
    is_of_a_day,
    subject_key,
)

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def account_key() -> str:
    """Whoever is typed into the form, known here or not."""
    return subject_key(tidy_email(request.form.get("email")))


def account_and_address_key() -> str:
    return f"{account_key()} {address_key()}"


def this_visit() -> Visit:
    return Visit(request.user_agent.string, request.remote_addr or "", request_id())


def _too_many_tries(limit: RequestLimit) -> Response:
    words = _(
        "Too many wrong passwords for this e-mail today. Choose a new password by e-mail, which"
        " lets you in at once, or try again tomorrow."
    )
    return login_page(
        LoginForm(), status=429, refusal=words if is_of_a_day(limit) else sentence_for(429)
    )


@blueprint.get("/login")
@public
def login() -> Response:
    onward = safe_next(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect_to(onward or url_for("home.index"))
    return login_page(LoginForm(next=onward))


@blueprint.post("/login")
@public
@counted(
    "login",
    a_minute(account_and_address_key),
    a_minute(address_key, MANY),
    a_minute(account_key, MANY),
    a_day(account_key),
    on_breach=_too_many_tries,
)
def sign_in() -> Response:
    form = LoginForm()
    if not form.validate_on_submit():
        return login_page(form, status=422)
    with door_of_email(form.email.data or "") as door:
        entry = service.sign_in(door=door, password=form.password.data or "", visit=this_visit())
        if door.person and entry and entry.token:
            known_browsers.remember(door.person)
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
