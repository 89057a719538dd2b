"""Routes of the user's own account: name, language, time zone and password."""

from __future__ import annotations

from flask import Response, current_app, flash, url_for
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import blueprint, queries, service
from app.auth.account_stores import account_store
from app.auth.forms import INHERITED, PasswordForm, ProfileForm
from app.auth.passwords import WeakPassword
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import SIGNED_IN, current_actor, requires
from app.web.letters import warn_about_letters
from app.web.tries import limits_password_tries


@blueprint.get("/account")
@requires(*SIGNED_IN)
def account() -> Response:
    return _account_page(_profile_form())


@blueprint.post("/account")
@requires(*SIGNED_IN, even_suspended=True)
def update() -> Response:
    form = _profile_form()
    if not form.validate_on_submit():
        return _account_page(form, status=422)
    with account_store(actor := current_actor()) as store:
        service.update_profile(store=store, name=form.name.data or "", **form.choice, actor=actor)
        store.session.commit()
    flash(_("Saved"), "success")
    warn_about_letters(form)
    return redirect_to(url_for(".account"))


@blueprint.get("/account/password")
@requires(*SIGNED_IN)
def password() -> Response:
    return _password_page(PasswordForm(formdata=None))


@blueprint.post("/account/password")
@requires(*SIGNED_IN, even_suspended=True)
@limits_password_tries
def change_password() -> Response:
    form = PasswordForm()
    if not form.validate_on_submit():
        return _password_page(form, status=422)
    try:
        with account_store(actor := current_actor()) as store:
            service.change_password(
                store=store,
                current=form.current.data or "",
                new=form.new.data or "",
                keep_session=current_user.session_id,
                actor=actor,
            )
            store.session.commit()
    except service.WrongPassword as error:
        form.current.errors = [translated(error)]
        return _password_page(form, status=422)
    except WeakPassword as error:
        form.new.errors = [translated(error)]
        return _password_page(form, status=422)
    flash(_("Your password was changed. All other devices were logged out."), "success")
    return redirect_to(url_for(".account"))


def _profile_form() -> ProfileForm:
    form = ProfileForm(
        name=current_user.name,
        locale=current_user.locale or INHERITED,
        time_zone=current_user.time_zone or INHERITED,
    )
    tenant = current_user.tenant
    return form.offer(company_zone=tenant.time_zone if tenant else None)


def _account_page(form: ProfileForm, *, status: int = 200) -> Response:
    with account_store(current_actor()) as store:
        factors = queries.get_factors(store)
        devices = queries.list_devices(store, this_session=current_user.session_id)
    return render_page(
        "auth/account.html",
        "content",
        status=status,
        profile=form,
        factors=factors,
        devices=devices,
        pages=_further_pages(),
    )


def _further_pages() -> list[tuple[str, str, str, str]]:
    """Account pages of other features, as (address, icon, title, description)."""
    known = [
        (
            "offline.index",
            "cloud-off",
            _("Offline"),
            _("What this device keeps for work without a connection"),
        ),
        ("mail.choices", "mail", _("E-mails"), _("Which e-mails Laudo sends you")),
        ("team.roles", "users", _("Roles"), _("What each role can see and do")),
    ]
    has_tenant = current_user.tenant is not None
    return [
        (url_for(endpoint), icon, title, words)
        for endpoint, icon, title, words in known
        if has_tenant and endpoint in current_app.view_functions
    ]


def _password_page(form: PasswordForm, *, status: int = 200) -> Response:
    return render_page("auth/password.html", "content", status=status, form=form)
