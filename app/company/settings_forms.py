"""The form of a company's settings."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField
from wtforms.validators import DataRequired, InputRequired

from app.company.settings import MAX_NAME, Settings
from app.models import Tenant
from app.web.forms import TextField, options, zone_options
from app.web.locale import LOCALES


class SettingsForm(FlaskForm):  # type: ignore[misc]
    name = TextField(
        _l("Name"),
        max_length=MAX_NAME,
        description=_l("It stands on every page and on the PDFs that are made from now on."),
        validators=[DataRequired(_l("Give the company's name."))],
        render_kw={"autocomplete": "organization"},
    )
    locale = SelectField(
        _l("Language"),
        description=_l("For everybody who has not chosen their own."),
        validators=[InputRequired()],
    )
    time_zone = SelectField(
        _l("Time zone"),
        description=_l("PDFs and months go by it."),
        validators=[InputRequired()],
    )
    admins_need_two_factor = BooleanField(
        _l("Admins need a second factor"),
        description=_l("Whoever has none yet sets one up at the next page they open."),
    )

    def offer(self, tenant: Tenant) -> SettingsForm:
        """Fill in the choices; a time zone that nobody lives in stays one while it is set."""
        self.locale.choices = options(LOCALES.items())
        others = [(zone, zone) for zone in dict.fromkeys((tenant.time_zone, "UTC"))]
        self.time_zone.choices = zone_options(_("Now, or everywhere"), others)
        return self

    @property
    def settings(self) -> Settings:
        return Settings(
            name=self.name.data or "",
            locale=self.locale.data,
            time_zone=self.time_zone.data,
            admins_need_two_factor=self.admins_need_two_factor.data,
        )
