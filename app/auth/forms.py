"""The forms of the login and of one's own account."""

from __future__ import annotations

import unicodedata

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length

from app.auth.passkeys import MAX_NAME
from app.web.forms import TextField, options, zone_options
from app.web.locale import LOCALES

INHERITED = "inherited"


def tidy_email(value: str | None) -> str:
    """An e-mail as accounts keep it: lower-case, without what a database cannot store."""
    plain = unicodedata.normalize("NFKC", (value or "")[:1000]).replace("\x00", "")
    return plain.strip().lower()[:254]


class EmailForm(FlaskForm):  # type: ignore[misc]
    email = StringField(
        _l("E-mail"),
        filters=[tidy_email],
        validators=[DataRequired(_l("Enter your e-mail."))],
        render_kw={
            "type": "email", "autocomplete": "username", "inputmode": "email",
            "autocapitalize": "none", "spellcheck": "false",
        },
    )  # fmt: skip


class LoginForm(EmailForm):
    password = PasswordField(
        _l("Password"),
        validators=[InputRequired(_l("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


class CodeForm(FlaskForm):  # type: ignore[misc]
    """An authenticator's code or a recovery code; the page offers a field for each."""

    code = StringField(
        _l("Code from your authenticator app"),
        validators=[InputRequired(_l("Enter the code.")), Length(max=40)],
        render_kw={
            "autocomplete": "one-time-code", "inputmode": "numeric", "autocapitalize": "none",
            "spellcheck": "false",
        },
    )  # fmt: skip
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
        """Fill in the choices; the empty one inherits from company or browser."""
        inherited = _("As the company") if company_zone else _("As the browser")
        self.locale.choices = options([(INHERITED, inherited), *LOCALES.items()])
        zone = company_zone or "UTC"
        self.time_zone.choices = zone_options(inherited, [(INHERITED, zone.replace("_", " "))])
        return self

    @property
    def choice(self) -> dict[str, str | None]:
        """The chosen locale and time zone by name; None where it is inherited."""
        fields = {"locale": self.locale.data, "time_zone": self.time_zone.data}
        return {name: None if data == INHERITED else data for name, data in fields.items()}


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
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


class CurrentPasswordForm(FlaskForm):  # type: ignore[misc]
    """Before what must not be done by whoever finds an open browser."""

    current = PasswordField(
        _l("Current password"),
        validators=[InputRequired(_l("Enter your current password."))],
        render_kw={"autocomplete": "current-password"},
    )


class TotpForm(CodeForm, CurrentPasswordForm):
    """`sealed` is the secret that the page shows, encrypted for this account."""

    sealed = HiddenField()


class PasswordForm(CurrentPasswordForm, NewPasswordForm):
    pass


class PasskeyForm(FlaskForm):  # type: ignore[misc]
    """The browser's answer comes with a name; the password was checked with the offer."""

    name = TextField(
        _l("Name of the passkey"),
        max_length=MAX_NAME,
        validators=[DataRequired(_l("Give the passkey a name."))],
        render_kw={"autocomplete": "off"},
    )
    current = PasswordField(
        _l("Current password"),
        validators=[InputRequired(_l("Enter your current password."))],
        render_kw={"autocomplete": "current-password"},
    )
    credential = HiddenField()


class ProofForm(FlaskForm):  # type: ignore[misc]
    """A browser's answer to a passkey's challenge, as JSON."""

    credential = HiddenField()
    next = HiddenField()
