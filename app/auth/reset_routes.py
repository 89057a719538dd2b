"""Routes of a forgotten password: asking for a link, and the new password that it lets one set.

The link's own address only puts its token into the cookie and leads on, so that the page with the
form has nothing in its address that a browser could tell or keep.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, flash, session, url_for
from flask_babel import gettext as _
from flask_limiter import RequestLimit

from app.auth import blueprint, identity, resets
from app.auth.doors import door_of_email, door_of_reset
from app.auth.forms import EmailForm, NewPasswordForm
from app.auth.passwords import WeakPassword
from app.auth.resets import LinkOver, LinkUnknown, LinkUsed
from app.auth.routes import account_key, this_visit
from app.errors import DomainError, NotFound
from app.web import known_browsers
from app.web.errors import sentence_for, translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import public
from app.web.tries import MANY, a_minute, address_key, always, counted

TOKEN = "reset"  # noqa: S105 - the name of its place in the cookie
# Longer than any of the ways takes: who is known, unknown or gone gets the answer after this.
ANSWER_SECONDS = 0.4


@contextmanager
def answered_after(seconds: float) -> Iterator[None]:
    """Take this long at least, so that the time tells nothing of what was found."""
    started = time.monotonic()
    yield
    time.sleep(max(0.0, started + seconds - time.monotonic()))


def _too_many(_limit: RequestLimit) -> Response:
    return _forgot_page(EmailForm(), status=429, refusal=sentence_for(429))


@blueprint.get("/forgot")
@public
def forgot() -> Response:
    return _forgot_page(EmailForm(formdata=None))


@blueprint.post("/forgot")
@public
@counted(
    "reset asking",
    a_minute(account_key),
    a_minute(address_key, MANY),
    on_breach=_too_many,
    is_wrong=always,
)
def ask_for_reset() -> Response:
    form = EmailForm()
    if not form.validate_on_submit():
        return _forgot_page(form, status=422)
    with answered_after(ANSWER_SECONDS), door_of_email(form.email.data or "") as door:
        resets.ask_for_reset(door=door, visit=this_visit())
        door.session.commit()
    return redirect_to(url_for(".forgot_sent"))


@blueprint.get("/forgot/sent")
@public
def forgot_sent() -> Response:
    return render_page("auth/forgot_sent.html", "content")


@blueprint.get("/reset/<token>")
@public
def reset(token: str) -> Response:
    try:
        _require_open(token)
    except (LinkUnknown, LinkUsed, LinkOver) as error:
        return _void_page(error)
    session[TOKEN] = token
    answer = redirect_to(url_for(".new_password"))
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@blueprint.get("/reset")
@public
def new_password() -> Response:
    try:
        _require_open(session.get(TOKEN))
    except (LinkUnknown, LinkUsed, LinkOver) as error:
        return _void_page(error)
    return _password_page(NewPasswordForm(formdata=None))


@blueprint.post("/reset")
@public
@counted("reset", a_minute(address_key, MANY), is_wrong=always)
def set_new_password() -> Response:
    form = NewPasswordForm()
    try:
        reset_id = resets.read_reset(session.get(TOKEN))
        if not form.validate_on_submit():
            return _password_page(form, status=422)
        with _door(reset_id) as door:
            resets.use_reset(
                door=door, reset_id=reset_id, new=form.new.data or "", visit=this_visit()
            )
            known_browsers.remember(door.person)
            door.session.commit()
    except WeakPassword as error:
        form.new.errors = [translated(error)]
        return _password_page(form, status=422)
    except (LinkUnknown, LinkUsed, LinkOver) as error:
        return _void_page(error)
    identity.forget()
    flash(_("The new password is set. Log in with it."), "success")
    return redirect_to(url_for(".login"))


@contextmanager
def _door(reset_id: Any) -> Iterator[Any]:
    try:
        with door_of_reset(reset_id) as door:
            yield door
    except NotFound as error:
        raise LinkUnknown from error


def _require_open(token: str | None) -> None:
    reset_id = resets.read_reset(token)
    with _door(reset_id) as door:
        resets.require_open_reset(door=door, reset_id=reset_id)


def _forgot_page(form: EmailForm, *, status: int = 200, refusal: str | None = None) -> Response:
    return render_page("auth/forgot.html", "content", status=status, form=form, refusal=refusal)


def _password_page(form: NewPasswordForm, *, status: int = 200) -> Response:
    return render_page("auth/reset.html", "content", status=status, form=form)


def _void_page(error: DomainError) -> Response:
    sentence = translated(error)
    page = render_page("auth/reset_void.html", "content", status=error.status, sentence=sentence)
    page.headers["Referrer-Policy"] = "no-referrer"
    return page
