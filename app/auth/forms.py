"""The forms of the login and of one's own account."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired

from app.web.locale import LOCALES, zones_by_area

INHERITED = "inherited"


def tidy_email(value: str | None) -> str:
    """An e-mail as accounts keep it: lower-case, without what a database cannot store."""
    return (value or "").replace("\x00", "").strip().lower()[:254]


class LoginForm(FlaskForm):  # type: ignore[misc]
    email = StringField(
        _l("E-mail"),
        filters=[tidy_email],
        validators=[InputRequired(_l("Enter your e-mail."))],
        render_kw={
            "type": "email", "autocomplete": "username", "inputmode": "email",
            "autocapitalize": "none", "spellcheck": "false",
        },
    )  # fmt: skip
    password = PasswordField(
        _l("Password"),
        validators=[InputRequired(_l("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


class PreferencesForm(FlaskForm):  # type: ignore[misc]
    locale = SelectField(_l("Language"), validators=[InputRequired()])
    time_zone = SelectField(_l("Time zone"), validators=[InputRequired()])

    def offer(self, *, company_zone: str | None) -> PreferencesForm:
        """Fill in the choices; the empty one inherits from company or browser."""
        inherited = _("As the company") if company_zone else _("As the browser")
        self.locale.choices = [(INHERITED, inherited), *LOCALES.items()]
        zone = company_zone or "UTC"
        self.time_zone.choices = {inherited: [(INHERITED, zone)], **zones_by_area()}
        return self

    @property
    def choice(self) -> dict[str, str | None]:
        """The chosen locale and time zone by name; None where it is inherited."""
        fields = {"locale": self.locale.data, "time_zone": self.time_zone.data}
        return {name: None if data == INHERITED else data for name, data in fields.items()}


class PasswordForm(FlaskForm):  # type: ignore[misc]
    current = PasswordField(
        _l("Current password"),
        validators=[InputRequired(_l("Enter your current password."))],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        _l("New password"),
        validators=[InputRequired(_l("Enter a new password."))],
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        _l("New password again"),
        validators=[
            InputRequired(_l("Enter the new password again.")),
            EqualTo("new", _l("The two new passwords differ.")),
        ],
        render_kw={"autocomplete": "new-password"},
    )
