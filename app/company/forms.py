"""The form of a company's settings."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField
from wtforms.validators import DataRequired, InputRequired

from app.company.service import MAX_NAME, CompanySettings
from app.models import Tenant
from app.web.forms import TextField, options, zone_options
from app.web.locale import LOCALES


class SettingsForm(FlaskForm):  # type: ignore[misc]
    name = TextField(
        _l("Name"),
        max_length=MAX_NAME,
        description=_l("Shown on every page and on all new PDFs."),
        validators=[DataRequired(_l("Enter the company's name."))],
        render_kw={"autocomplete": "organization"},
    )
    locale = SelectField(
        _l("Language"),
        description=_l("For people who have not chosen their own."),
        validators=[InputRequired()],
    )
    time_zone = SelectField(
        _l("Time zone"),
        description=_l("PDFs and monthly counts use this time zone."),
        validators=[InputRequired()],
    )
    admins_need_two_factor = BooleanField(
        _l("Require a second factor for admins"),
        description=_l("Admins without one must set it up on the next page they open."),
    )
    may_approve_own = BooleanField(
        _l("Let reviewers approve reports that they filled in themselves"),
        description=_l("Otherwise another manager or admin has to approve them."),
    )

    technicians_correct = BooleanField(
        _l("Technicians may correct their completed reports"),
        description=_l(
            "A correction is a new revision with a reason. Managers and admins may always correct."
        ),
    )

    def offer(self, tenant: Tenant) -> SettingsForm:
        """Set the choices. The company's current time zone is always among them."""
        self.locale.choices = options(LOCALES.items())
        others = [(zone, zone) for zone in dict.fromkeys((tenant.time_zone, "UTC"))]
        self.time_zone.choices = zone_options(_("Current or universal"), others)
        return self

    @property
    def settings(self) -> CompanySettings:
        return CompanySettings(
            name=self.name.data or "",
            locale=self.locale.data,
            time_zone=self.time_zone.data,
            admins_need_two_factor=self.admins_need_two_factor.data,
            technicians_correct=self.technicians_correct.data,
            may_approve_own=self.may_approve_own.data,
        )
