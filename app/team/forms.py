"""Forms for inviting, joining, roles and projects, and the filter of the people list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, EqualTo, InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.email_address import MAX_EMAIL
from app.models import TENANT_ROLES, Role, Tenant
from app.team.accepting import NewPersonDetails, OpenInvitation
from app.team.inviting import InvitationFacts
from app.team.queries import PeopleFilter, State
from app.team.service import MAX_NAME
from app.web.forms import TextField, as_id, options, zone_options
from app.web.locale import LOCALES
from app.words import ROLES

INHERITED = "inherited"
NOBODY = ""
EVERYBODY = "all"
MAX_SEARCH = 100
ROLE_CHOICES = options((role.value, LazyString(ROLES.word, role)) for role in TENANT_ROLES)

Choices = list[tuple[UUID, str]]


class ProjectsField(SelectMultipleField):
    """Projects as check boxes; the data is a list of ids."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"coerce": _project_id, "choices": []}
        super().__init__(*args, **kwargs)


class InvitationForm(FlaskForm):  # type: ignore[misc]
    email = TextField(
        _l("E-mail"),
        max_length=MAX_EMAIL,
        validators=[DataRequired(_l("Enter the person's e-mail."))],
        render_kw={
            "type": "email",
            "autocomplete": "off",
            "inputmode": "email",
            "autocapitalize": "none",
            "spellcheck": "false",
        },
    )
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
        description=_l("The language of the e-mail and of what they see first."),
        validators=[InputRequired()],
    )
    projects = ProjectsField(_l("Projects"), validators=[Optional()])

    def offer(self, *, tenant: Tenant, projects: Choices) -> InvitationForm:
        """Fill in this company's choices."""
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
        description=_l("As it should appear on reports."),
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
        _l("Repeat password"),
        validators=[
            InputRequired(_l("Repeat the password.")),
            EqualTo("new", _l("The passwords do not match.")),
        ],
        render_kw={"autocomplete": "new-password"},
    )
    locale = SelectField(_l("Language"), validators=[InputRequired()])
    time_zone = SelectField(
        _l("Time zone"), validators=[InputRequired()], render_kw={"data-browser-zone": True}
    )

    def offer(self, invitation: OpenInvitation) -> AcceptForm:
        """Fill in the choices; the first one takes the company's value."""
        self.locale.choices = _languages(invitation.company_locale)
        zone = invitation.company_zone
        inherited = [(INHERITED, zone.replace("_", " "))]
        self.time_zone.choices = zone_options(_("Same as the company"), inherited)
        return self

    @property
    def chosen(self) -> NewPersonDetails:
        return NewPersonDetails(
            name=self.name.data or "",
            password=self.new.data or "",
            locale=_own(self.locale.data),
            time_zone=_own(self.time_zone.data),
        )


class HandOverForm(FlaskForm):  # type: ignore[misc]
    """Deactivating a person and choosing who takes over their open reports."""

    hand_over_to = SelectField(
        _l("Hand over open reports to"), coerce=as_id, validators=[Optional()]
    )

    def offer(self, people: Choices) -> HandOverForm:
        """Offer "nobody" and these people, given as (id, name)."""
        stay = (NOBODY, _("No one: they stay as they are"))
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


def read_filters(args: Mapping[str, str]) -> PeopleFilter:
    """The filter in the list's query string; invalid values are ignored."""
    role, state = args.get("role", ""), args.get("state", "")
    states = {one.value: one for one in State}
    return PeopleFilter(
        search=" ".join(args.get("search", "").replace("\x00", "").split())[:MAX_SEARCH],
        role=Role(role) if role in TENANT_ROLES else None,
        state=None if state == EVERYBODY else states.get(state, State.ACTIVE),
    )


def address_of(filters: PeopleFilter) -> dict[str, str]:
    """The filter as query arguments; values that filter nothing are left out."""
    address = {"search": filters.search, "role": filters.role.value if filters.role else ""}
    if filters.state is not State.ACTIVE:
        address["state"] = filters.state.value if filters.state else EVERYBODY
    return {name: value for name, value in address.items() if value}


def _project_id(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _languages(company_locale: str) -> list[SelectChoice]:
    words = _("Same as the company: %(language)s", language=LOCALES.get(company_locale, "English"))
    return options([(INHERITED, words), *LOCALES.items()])


def _own(choice: str | None) -> str | None:
    return None if choice in (None, INHERITED) else choice
