"""Routes of the second step, between a correct password and the session."""

from __future__ import annotations

from flask import Response, request, session, url_for
from flask_babel import gettext as _
from flask_limiter import RequestLimit
from flask_login import current_user

from app.auth import blueprint, identity, service
from app.auth.forms import CodeForm
from app.auth.half_way import HalfWayOver, half_way_account_store, read_half_way
from app.auth.passkeys import passkeys_work
from app.auth.queries import Factors, get_factors
from app.auth.redirects import safe_next
from app.auth.routes import this_visit
from app.auth.second_factor import (
    UnreadableSecret,
    WrongCode,
    WrongRecoveryCode,
    take_code,
)
from app.errors import DomainError
from app.web import known_browsers
from app.web.errors import sentence_for, translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import public
from app.web.tries import (
    Allowance,
    address_key,
    counted,
    is_daily,
    per_minute,
    subject_key,
)

# A code has six digits and three codes are valid at any time, so fewer tries are allowed per day
# than for a password.
CODES_PER_DAY = 50


def half_way() -> str | None:
    return session.get(identity.HALF_WAY)


def half_way_key() -> str:
    state = read_half_way(half_way())
    return subject_key(str(state[1])) if state else address_key()


def _too_many_codes(limit: RequestLimit) -> Response:
    words = _("Too many wrong codes today. Use a passkey, or try again tomorrow.")
    return second_step_page(status=429, refusal=words if is_daily(limit) else sentence_for(429))


def _codes_per_day() -> str:
    return f"{CODES_PER_DAY} per day"


@blueprint.get("/login/second")
@public
def second_step() -> Response:
    target = safe_next(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect_to(target or url_for("home.index"))
    return second_step_page(CodeForm(formdata=None, next=target))


@blueprint.post("/login/second")
@public
@counted(
    "second step",
    per_minute(half_way_key),
    Allowance(_codes_per_day, half_way_key),
    on_breach=_too_many_codes,
)
def take_second_step() -> Response:
    form = CodeForm()
    if not form.validate_on_submit():
        return second_step_page(form, status=422)
    try:
        token = _log_in(form.code.data or "")
    except HalfWayOver:
        return restart_login(form.next.data)
    except (WrongCode, WrongRecoveryCode, UnreadableSecret) as error:
        return second_step_page(form, status=422, refusal=translated(error))
    identity.remember(token)
    return redirect_to(safe_next(form.next.data) or url_for("home.index"))


def _log_in(code: str) -> str:
    with half_way_account_store(half_way()) as store:
        try:
            proof = take_code(store=store, code=code)
        except DomainError as error:
            kind = "recovery" if isinstance(error, WrongRecoveryCode) else "code"
            service.record_refused_login(store=store, how=f"password+{kind}", visit=this_visit())
            store.session.commit()
            raise
        token = service.open_session(store=store, how=f"password+{proof}", visit=this_visit())
        if store.person:
            known_browsers.remember(store.person)
        store.session.commit()
    return token


def restart_login(target: str | None) -> Response:
    """Redirect to the login and keep the target."""
    session.pop(identity.HALF_WAY, None)
    return redirect_to(url_for(".login", next=safe_next(target)))


def second_step_page(
    form: CodeForm | None = None, *, status: int = 200, refusal: str | None = None
) -> Response:
    form = form or CodeForm()
    try:
        factors = _factors()
    except HalfWayOver:
        return restart_login(form.next.data)
    return render_page(
        "auth/second_step.html",
        "content",
        status=status,
        form=form,
        factors=factors,
        refusal=refusal,
        target=safe_next(form.next.data) or "",
        passkeys_work=passkeys_work(),
    )


def _factors() -> Factors:
    with half_way_account_store(half_way()) as store:
        return get_factors(store)
