"""Forms of the login and of the user's own account."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length

from app.auth.passkeys import MAX_NAME
from app.email_address import email_to_look_up
from app.web.forms import TextField, options, zone_options
from app.web.locale import LOCALES

INHERITED = "inherited"


class EmailForm(FlaskForm):  # type: ignore[misc]
    email = StringField(
        _l("E-mail"),
        filters=[email_to_look_up],
        validators=[DataRequired(_l("Enter your e-mail."))],
        render_kw={
            "type": "email",
            "autocomplete": "username",
            "inputmode": "email",
            "autocapitalize": "none",
            "spellcheck": "false",
        },
    )


class LoginForm(EmailForm):
    password = PasswordField(
        _l("Password"),
        validators=[InputRequired(_l("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


class CodeForm(FlaskForm):  # type: ignore[misc]
    """An authenticator code or a recovery code; the page has a field for each."""

    code = StringField(
        _l("Code from your authenticator app"),
        validators=[InputRequired(_l("Enter the code.")), Length(max=40)],
        render_kw={
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "autocapitalize": "none",
            "spellcheck": "false",
        },
    )
    next = HiddenField()


class ProfileForm(FlaskForm):  # type: ignore[misc]
    name = TextField(
        _l("Name"),
        max_length=120,
        validators=[DataRequired(_l("Enter your name."))],
        render_kw={"autocomplete": "name"},
    )
    locale = SelectField(_l("Language"), validators=[InputRequired()])
    time_zone = SelectField(_l("Time zone"), validators=[InputRequired()])

    def offer(self, *, company_zone: str | None) -> ProfileForm:
        """Fill in the choices; INHERITED takes the value of the company or the browser."""
        inherited = _("Same as the company") if company_zone else _("Same as the browser")
        self.locale.choices = options([(INHERITED, inherited), *LOCALES.items()])
        zone = company_zone or "UTC"
        self.time_zone.choices = zone_options(inherited, [(INHERITED, zone.replace("_", " "))])
        return self

    @property
    def choice(self) -> dict[str, str | None]:
        """The chosen locale and time zone by field name; None means inherited."""
        fields = {"locale": self.locale.data, "time_zone": self.time_zone.data}
        return {name: None if data == INHERITED else data for name, data in fields.items()}


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    new = PasswordField(
        _l("New password"),
        validators=[InputRequired(_l("Enter a new password."))],
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        _l("Repeat new password"),
        validators=[
            InputRequired(_l("Enter the new password again.")),
            EqualTo("new", _l("The new passwords do not match.")),
        ],
        render_kw={"autocomplete": "new-password"},
    )


class CurrentPasswordForm(FlaskForm):  # type: ignore[misc]
    """Asks for the password again, so that a browser left open is not enough."""

    current = PasswordField(
        _l("Current password"),
        validators=[InputRequired(_l("Enter your current password."))],
        render_kw={"autocomplete": "current-password"},
    )


class TotpForm(CodeForm, CurrentPasswordForm):
    """`sealed` is the displayed secret, encrypted for this account."""

    sealed = HiddenField()


class PasswordForm(CurrentPasswordForm, NewPasswordForm):
    pass


class PasskeyForm(FlaskForm):  # type: ignore[misc]
    """The browser's response and a name. The password was checked before the challenge was made."""

    name = TextField(
        _l("Passkey name"),
        max_length=MAX_NAME,
        validators=[DataRequired(_l("Enter a name for the passkey."))],
        render_kw={"autocomplete": "off"},
    )
    current = PasswordField(
        _l("Current password"),
        validators=[InputRequired(_l("Enter your current password."))],
        render_kw={"autocomplete": "current-password"},
    )
    credential = HiddenField()


class ProofForm(FlaskForm):  # type: ignore[misc]
    """A browser's response to a passkey challenge, as JSON."""

    credential = HiddenField()
    next = HiddenField()
