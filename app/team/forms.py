"""The forms of people: inviting, joining, a person's role and projects, and the list's address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, EqualTo, InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.mailbox import MAX_EMAIL
from app.models import TENANT_ROLES, Role, Tenant
from app.team.accepting import Chosen, OpenInvitation
from app.team.inviting import InvitationFacts
from app.team.queries import State, WantedPeople
from app.team.service import MAX_NAME
from app.web.forms import TextField, as_id, options, zone_options
from app.web.locale import LOCALES

INHERITED = "inherited"
NOBODY = ""
EVERYBODY = "all"
MAX_SEARCH = 100
ROLE_NAMES = {
    Role.ADMIN: _l("Admin"),
    Role.MANAGER: _l("Manager"),
    Role.TECHNICIAN: _l("Technician"),
    Role.VIEWER: _l("Viewer"),
}
ROLE_CHOICES = options((role.value, ROLE_NAMES[role]) for role in TENANT_ROLES)

Choices = list[tuple[UUID, str]]


class ProjectsField(SelectMultipleField):
    """Projects as check boxes; the data are their ids."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"coerce": _project_id, "choices": []}
        super().__init__(*args, **kwargs)


class InvitationForm(FlaskForm):  # type: ignore[misc]
    email = TextField(
        _l("E-mail"),
        max_length=MAX_EMAIL,
        validators=[DataRequired(_l("Enter the e-mail of the person."))],
        render_kw={
            "type": "email", "autocomplete": "off", "inputmode": "email",
            "autocapitalize": "none", "spellcheck": "false",
        },
    )  # fmt: skip
    name = TextField(
        _l("Name"),
        max_length=MAX_NAME,
        description=_l("They can change it when they join."),
        render_kw={"autocomplete": "off"},
    )
    role = RadioField(
        _l("Role"),
        choices=ROLE_CHOICES,
        validators=[InputRequired(_l("Choose a role."))],
    )
    locale = SelectField(
        _l("Language"),
        description=_l("Of the e-mail and of what they see first."),
        validators=[InputRequired()],
    )
    projects = ProjectsField(_l("Projects"), validators=[Optional()])

    def offer(self, *, tenant: Tenant, projects: Choices) -> InvitationForm:
        """Fill in the choices of this company."""
        self.locale.choices = _languages(tenant.locale)
        self.projects.choices = options(projects)
        return self

    @property
    def facts(self) -> InvitationFacts:
        return InvitationFacts(
            email=self.email.data or "",
            name=self.name.data or "",
            role=Role(self.role.data),
            locale=_own(self.locale.data),
            project_ids=tuple(self.projects.data or ()),
        )


class AcceptForm(FlaskForm):  # type: ignore[misc]
    name = TextField(
        _l("Your name"),
        max_length=MAX_NAME,
        description=_l("As it should stand on reports."),
        validators=[DataRequired(_l("Enter your name."))],
        render_kw={"autocomplete": "name"},
    )
    new = PasswordField(
        _l("Password"),
        description=_l("At least 10 characters. A short sentence is easy to remember."),
        validators=[InputRequired(_l("Choose a password."))],
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        _l("Password again"),
        validators=[
            InputRequired(_l("Enter the password again.")),
            EqualTo("new", _l("The two passwords differ.")),
        ],
        render_kw={"autocomplete": "new-password"},
    )
    locale = SelectField(_l("Language"), validators=[InputRequired()])
    time_zone = SelectField(
        _l("Time zone"), validators=[InputRequired()], render_kw={"data-browser-zone": True}
    )

    def offer(self, invitation: OpenInvitation) -> AcceptForm:
        """Fill in the choices; the first takes what the company has."""
        self.locale.choices = _languages(invitation.company_locale)
        zone = invitation.company_zone
        inherited = [(INHERITED, zone.replace("_", " "))]
        self.time_zone.choices = zone_options(_("As the company"), inherited)
        return self

    @property
    def chosen(self) -> Chosen:
        return Chosen(
            name=self.name.data or "",
            password=self.new.data or "",
            locale=_own(self.locale.data),
            time_zone=_own(self.time_zone.data),
        )


class HandOverForm(FlaskForm):  # type: ignore[misc]
    """Deactivating somebody, and to whom their open reports go."""

    hand_over_to = SelectField(_l("Hand open reports to"), coerce=as_id, validators=[Optional()])

    def offer(self, people: Choices) -> HandOverForm:
        """Nobody, or one of these (id, name)."""
        stay = (NOBODY, _("Nobody: they stay as they are"))
        self.hand_over_to.choices = options([stay, *people])
        return self


class RoleForm(HandOverForm):
    role = RadioField(
        _l("Role"), choices=ROLE_CHOICES, validators=[InputRequired(_l("Choose a role."))]
    )


class GrantsForm(FlaskForm):  # type: ignore[misc]
    projects = ProjectsField(_l("Projects"), validators=[Optional()])

    def offer(self, projects: Choices) -> GrantsForm:
        self.projects.choices = options(projects)
        return self


def read_wanted(args: Mapping[str, str]) -> WantedPeople:
    """What the list's address asks for; a value that means nothing narrows nothing."""
    role, state = args.get("role", ""), args.get("state", "")
    states = {one.value: one for one in State}
    return WantedPeople(
        search=" ".join(args.get("search", "").replace("\x00", "").split())[:MAX_SEARCH],
        role=Role(role) if role in TENANT_ROLES else None,
        state=None if state == EVERYBODY else states.get(state, State.ACTIVE),
    )


def address_of(wanted: WantedPeople) -> dict[str, str]:
    """The same as arguments of an address; what narrows nothing is left out."""
    address = {"search": wanted.search, "role": wanted.role.value if wanted.role else ""}
    if wanted.state is not State.ACTIVE:
        address["state"] = wanted.state.value if wanted.state else EVERYBODY
    return {name: value for name, value in address.items() if value}


def _project_id(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _languages(company_locale: str) -> list[SelectChoice]:
    words = _("As the company (%(language)s)", language=LOCALES.get(company_locale, "English"))
    return options([(INHERITED, words), *LOCALES.items()])


def _own(choice: str | None) -> str | None:
    return None if choice in (None, INHERITED) else choice
