"""Routes of the user's own second factors: overview, authenticator app, recovery codes.

Recovery codes are shown once, in the response to the POST that made them. They are stored nowhere
in plain text, so there is no redirect in between.
"""

from __future__ import annotations

from flask import Response, flash, url_for
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup

from app.auth import blueprint, queries
from app.auth import second_factor as factor
from app.auth.account_stores import account_store
from app.auth.forms import CurrentPasswordForm, TotpForm
from app.auth.passkeys import passkeys_work
from app.auth.service import WrongPassword
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import SIGNED_IN, current_actor, requires
from app.web.tries import limits_password_tries


@blueprint.get("/account/second-factor")
@requires(*SIGNED_IN, even_without_second_factor=True)
def second_factor() -> Response:
    with account_store(current_actor()) as store:
        factors = queries.get_factors(store)
        passkeys = queries.list_passkeys(store)
    return render_page(
        "auth/second_factor.html",
        "content",
        factors=factors,
        passkeys=passkeys,
        passkeys_work=passkeys_work(),
    )


@blueprint.get("/account/second-factor/app")
@requires(*SIGNED_IN, even_without_second_factor=True)
def totp() -> Response:
    with account_store(current_actor()) as store:
        if queries.get_factors(store).has_totp:
            return redirect_to(url_for(".second_factor"))
    return _totp_page(TotpForm(formdata=None), factor.make_secret())


@blueprint.post("/account/second-factor/app")
@requires(*SIGNED_IN, even_suspended=True, even_without_second_factor=True)
@limits_password_tries
def confirm_totp() -> Response:
    form = TotpForm()
    try:
        secret = factor.open_secret(form.sealed.data or "", current_user.id)
    except factor.SetUpAgain as error:
        fresh = TotpForm(formdata=None)
        return _totp_page(fresh, factor.make_secret(), status=422, refusal=translated(error))
    if not form.validate_on_submit():
        return _totp_page(form, secret, status=422)
    try:
        with account_store(actor := current_actor()) as store:
            codes = factor.set_up_totp(
                store=store,
                password=form.current.data or "",
                secret=secret,
                code=form.code.data or "",
                actor=actor,
            )
            store.session.commit()
    except factor.AlreadyOn as error:
        flash(translated(error), "info")
        return redirect_to(url_for(".second_factor"))
    except (factor.WrongCode, WrongPassword) as error:
        field = form.code if isinstance(error, factor.WrongCode) else form.current
        field.errors = [translated(error)]
        return _totp_page(form, secret, status=422)
    if codes:
        return codes_page(codes)
    flash(_("The authenticator app is set up."), "success")
    return redirect_to(url_for(".second_factor"))


@blueprint.get("/account/second-factor/app/off")
@requires(*SIGNED_IN)
def confirm_turning_off() -> Response:
    return _off_page(CurrentPasswordForm(formdata=None))


@blueprint.post("/account/second-factor/app/off")
@requires(*SIGNED_IN, even_suspended=True)
@limits_password_tries
def turn_off_totp() -> Response:
    form = CurrentPasswordForm()
    if not form.validate_on_submit():
        return _off_page(form, status=422)
    try:
        with account_store(actor := current_actor()) as store:
            factor.turn_off_totp(store=store, password=form.current.data or "", actor=actor)
            store.session.commit()
    except factor.LastFactor as error:
        return _off_page(form, status=error.status, refusal=translated(error))
    except WrongPassword as error:
        form.current.errors = [translated(error)]
        return _off_page(form, status=422)
    flash(_("The authenticator app was turned off."), "success")
    return redirect_to(url_for(".second_factor"))


@blueprint.get("/account/second-factor/codes")
@requires(*SIGNED_IN)
def confirm_codes() -> Response:
    return _new_codes_page(CurrentPasswordForm(formdata=None))


@blueprint.post("/account/second-factor/codes")
@requires(*SIGNED_IN, even_suspended=True)
@limits_password_tries
def renew_codes() -> Response:
    form = CurrentPasswordForm()
    if not form.validate_on_submit():
        return _new_codes_page(form, status=422)
    try:
        with account_store(actor := current_actor()) as store:
            codes = factor.renew_codes(store=store, password=form.current.data or "", actor=actor)
            store.session.commit()
    except WrongPassword as error:
        form.current.errors = [translated(error)]
        return _new_codes_page(form, status=422)
    return codes_page(codes)


def codes_page(codes: list[str]) -> Response:
    return render_page("auth/codes.html", "content", codes=codes, text="\n".join(codes) + "\n")


def confirmation_page(
    form: CurrentPasswordForm,
    *,
    status: int,
    title: str,
    words: str,
    action: str,
    yes: str,
    is_danger: bool,
    refusal: str | None = None,
) -> Response:
    """A page that states the consequences and asks for the password; `refusal` is an error."""
    return render_page(
        "auth/surely.html",
        "content",
        status=status,
        form=form,
        title=title,
        words=words,
        action=action,
        yes=yes,
        is_danger=is_danger,
        refusal=refusal,
    )


def _off_page(
    form: CurrentPasswordForm, *, status: int = 200, refusal: str | None = None
) -> Response:
    return confirmation_page(
        form,
        status=status,
        title=_("Turn off the authenticator app"),
        words=_(
            "Its codes will no longer open this account. Your passkeys and work are "
            "not affected. If you have no passkey, your recovery codes are also "
            "removed and the password alone opens the account."
        ),
        action=url_for(".turn_off_totp"),
        yes=_("Turn off"),
        is_danger=True,
        refusal=refusal,
    )


def _new_codes_page(form: CurrentPasswordForm, *, status: int = 200) -> Response:
    return confirmation_page(
        form,
        status=status,
        title=_("New recovery codes"),
        words=_("You get ten new codes. Your old codes stop working."),
        action=url_for(".renew_codes"),
        yes=_("Generate new codes"),
        is_danger=False,
    )


def _totp_page(
    form: TotpForm, secret: str, *, status: int = 200, refusal: str | None = None
) -> Response:
    return render_page(
        "auth/totp.html",
        "content",
        status=status,
        form=form,
        refusal=refusal,
        sealed=factor.seal_secret(secret, current_user.id),
        # Safe: generated by the QR library.
        qr=Markup(factor.qr_svg(secret, current_user.email)),  # noqa: S704
        secret=factor.grouped(secret),
    )
