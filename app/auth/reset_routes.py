"""Routes for a forgotten password: requesting a link and setting a new password.

The link's address only stores its token in the cookie and redirects, so that the address of the
form page holds no secret that a browser could leak or keep.
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
from app.auth.account_stores import account_store_by_email, account_store_by_reset
from app.auth.forms import EmailForm, NewPasswordForm
from app.auth.passwords import WeakPassword
from app.auth.resets import LinkOver, LinkUnknown, LinkUsed
from app.auth.routes import account_key, this_visit
from app.errors import DomainError, NotFound
from app.web import known_browsers
from app.web.errors import sentence_for, translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import public
from app.web.tries import SHARED_ADDRESS_FACTOR, address_key, always, counted, per_minute

TOKEN = "reset"  # noqa: S105 - the name of its place in the cookie
# Longer than any code path takes, so that timing does not reveal whether an account exists.
ANSWER_SECONDS = 0.4


@contextmanager
def takes_at_least(seconds: float) -> Iterator[None]:
    """Take at least this long, so that the timing does not reveal what was found."""
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
    per_minute(account_key),
    per_minute(address_key, SHARED_ADDRESS_FACTOR),
    on_breach=_too_many,
    is_wrong=always,
)
def ask_for_reset() -> Response:
    form = EmailForm()
    if not form.validate_on_submit():
        return _forgot_page(form, status=422)
    with takes_at_least(ANSWER_SECONDS), account_store_by_email(form.email.data or "") as store:
        resets.ask_for_reset(store=store, visit=this_visit())
        store.session.commit()
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
        return _refused_link_page(error)
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
        return _refused_link_page(error)
    return _password_page(NewPasswordForm(formdata=None))


@blueprint.post("/reset")
@public
@counted("reset", per_minute(address_key, SHARED_ADDRESS_FACTOR), is_wrong=always)
def set_new_password() -> Response:
    form = NewPasswordForm()
    try:
        reset_id = resets.read_reset(session.get(TOKEN))
        if not form.validate_on_submit():
            return _password_page(form, status=422)
        with _reset_store(reset_id) as store:
            resets.use_reset(
                store=store, reset_id=reset_id, new=form.new.data or "", visit=this_visit()
            )
            known_browsers.remember(store.person)
            store.session.commit()
    except WeakPassword as error:
        form.new.errors = [translated(error)]
        return _password_page(form, status=422)
    except (LinkUnknown, LinkUsed, LinkOver) as error:
        return _refused_link_page(error)
    identity.forget()
    flash(_("Your new password is set. Use it to log in."), "success")
    return redirect_to(url_for(".login"))


@contextmanager
def _reset_store(reset_id: Any) -> Iterator[Any]:
    try:
        with account_store_by_reset(reset_id) as store:
            yield store
    except NotFound as error:
        raise LinkUnknown from error


def _require_open(token: str | None) -> None:
    reset_id = resets.read_reset(token)
    with _reset_store(reset_id) as store:
        resets.require_open_reset(store=store, reset_id=reset_id)


def _forgot_page(form: EmailForm, *, status: int = 200, refusal: str | None = None) -> Response:
    return render_page("auth/forgot.html", "content", status=status, form=form, refusal=refusal)


def _password_page(form: NewPasswordForm, *, status: int = 200) -> Response:
    return render_page("auth/reset.html", "content", status=status, form=form)


def _refused_link_page(error: DomainError) -> Response:
    sentence = translated(error)
    page = render_page("auth/reset_void.html", "content", status=error.status, sentence=sentence)
    page.headers["Referrer-Policy"] = "no-referrer"
    return page
