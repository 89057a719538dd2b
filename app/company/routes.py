"""Routes of a company's settings."""

from __future__ import annotations

from flask import Response, flash, url_for
from flask_babel import gettext as _
from flask_login import current_user

from app.auth.queries import has_second_factor
from app.company import blueprint
from app.company import service as settings
from app.company.forms import SettingsForm
from app.extensions import db
from app.models import Role
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import current_actor, requires


# The function has another name than its endpoint: `settings` would shadow the module.
@blueprint.get("/company/settings", endpoint="settings")
@requires(Role.ADMIN)
def show_settings() -> Response:
    return _settings_page(SettingsForm(obj=current_user.tenant).offer(current_user.tenant))


@blueprint.post("/company/settings")
@requires(Role.ADMIN)
def settings_update() -> Response:
    form = SettingsForm().offer(current_user.tenant)
    if not form.validate_on_submit():
        return _settings_page(form, status=422)
    try:
        settings.change_settings(settings=form.settings, actor=current_actor())
    except settings.NoSecondFactorYourself as refusal:
        db.session.rollback()
        form.admins_need_two_factor.errors = [translated(refusal)]
        return _settings_page(form, status=422)
    db.session.commit()
    flash(_("Saved"), "success")
    return redirect_to(url_for(".settings"))


def _settings_page(form: SettingsForm, *, status: int = 200) -> Response:
    return render_page(
        "company/settings.html",
        "content",
        status=status,
        form=form,
        has_second_factor=has_second_factor(current_actor().account_id),
    )
