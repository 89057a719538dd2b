"""Routes for adding and removing the user's own passkeys."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, url_for
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import blueprint, passkeys
from app.auth.account_stores import account_store
from app.auth.forms import CurrentPasswordForm, PasskeyForm
from app.auth.passkey_login_routes import keep_challenge, options_response, use_challenge
from app.auth.passkeys import Challenge, ChallengeOver, PasskeyRefused, TooManyPasskeys
from app.auth.queries import list_passkeys
from app.auth.second_factor import LastFactor
from app.auth.second_factor_routes import codes_page, confirmation_page
from app.auth.service import WrongPassword
from app.errors import NotFound
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import SIGNED_IN, current_actor, requires
from app.web.tries import limits_password_tries


@blueprint.get("/account/passkeys/new")
@requires(*SIGNED_IN, even_without_second_factor=True)
def new_passkey() -> Response:
    return _form_page(PasskeyForm(formdata=None))


@blueprint.post("/account/passkeys/options")
@requires(*SIGNED_IN, even_suspended=True, even_without_second_factor=True)
@limits_password_tries
def offer_passkey() -> Response:
    """Requires the password, so that a stranger at an open browser cannot add a key."""
    challenge = Challenge.new("register", current_user.id)
    form = PasskeyForm()
    with account_store(current_actor()) as store:
        options = passkeys.offer_registration(
            store=store, password=form.current.data or "", challenge=challenge
        )
    # Only now: the cookie is sent with a refusal too, and its holder can read it.
    keep_challenge(challenge)
    return options_response(options)


@blueprint.post("/account/passkeys")
@requires(*SIGNED_IN, even_suspended=True, even_without_second_factor=True)
def add_passkey() -> Response:
    form = PasskeyForm()
    if not form.validate_on_submit():
        return _form_page(form, status=422)
    try:
        challenge = use_challenge("register", current_user.id)
        with account_store(actor := current_actor()) as store:
            codes = passkeys.register(
                store=store,
                credential=form.credential.data or "",
                name=form.name.data or "",
                challenge=challenge,
                actor=actor,
            )
            store.session.commit()
    except (PasskeyRefused, ChallengeOver, TooManyPasskeys) as error:
        return _form_page(form, status=422, refusal=translated(error))
    if codes:
        return codes_page(codes)
    flash(_("The passkey was added."), "success")
    return redirect_to(url_for(".second_factor"))


@blueprint.get("/account/passkeys/<uuid:passkey_id>/remove")
@requires(*SIGNED_IN)
def confirm_removal(passkey_id: UUID) -> Response:
    return _removal_page(passkey_id, CurrentPasswordForm(formdata=None))


@blueprint.post("/account/passkeys/<uuid:passkey_id>/remove")
@requires(*SIGNED_IN, even_suspended=True)
@limits_password_tries
def remove_passkey(passkey_id: UUID) -> Response:
    form = CurrentPasswordForm()
    if not form.validate_on_submit():
        return _removal_page(passkey_id, form, status=422)
    try:
        with account_store(actor := current_actor()) as store:
            passkeys.remove(
                store=store,
                passkey_id=passkey_id,
                password=form.current.data or "",
                actor=actor,
            )
            store.session.commit()
    except LastFactor as error:
        return _removal_page(passkey_id, form, status=error.status, refusal=translated(error))
    except WrongPassword as error:
        form.current.errors = [translated(error)]
        return _removal_page(passkey_id, form, status=422)
    flash(_("The passkey was removed."), "success")
    return redirect_to(url_for(".second_factor"))


def _form_page(form: PasskeyForm, *, status: int = 200, refusal: str | None = None) -> Response:
    return render_page(
        "auth/passkey.html",
        "content",
        status=status,
        form=form,
        refusal=refusal,
        passkeys_work=passkeys.passkeys_work(),
    )


def _removal_page(
    passkey_id: UUID, form: CurrentPasswordForm, *, status: int = 200, refusal: str | None = None
) -> Response:
    with account_store(current_actor()) as store:
        names = {one.id: one.name for one in list_passkeys(store)}
    if passkey_id not in names:
        raise NotFound
    return confirmation_page(
        form,
        status=status,
        title=_("Remove the passkey “%(name)s”", name=names[passkey_id]),
        words=_(
            "This passkey will no longer open your account. Your other passkeys, "
            "work and sessions are not affected. Your device may still offer it, so "
            "delete it there too."
        ),
        action=url_for(".remove_passkey", passkey_id=passkey_id),
        yes=_("Remove"),
        is_danger=True,
        refusal=refusal,
    )
