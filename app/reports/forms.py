"""The forms that start and find reports. What a person may choose comes from the queries."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp

from app.reports.lists import StartChoices

CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]*$"


def _as_id(value: Any) -> UUID | None:
    return value if isinstance(value, UUID) or not value else UUID(value)


def _stripped(value: str | None) -> str:
    return " ".join((value or "").split())


class StartForm(FlaskForm):  # type: ignore[misc]
    """Which checklist is filled, where, under what title and by whom."""

    client_id = HiddenField(default=lambda: str(uuid4()))
    checklist_id = SelectField(
        _l("Checklist"), coerce=_as_id, validators=[InputRequired(_l("Choose a checklist."))]
    )
    project_id = SelectField(
        _l("Project"), coerce=_as_id, validators=[InputRequired(_l("Choose a project."))]
    )
    equipment_tag = StringField(
        _l("Equipment tag"),
        description=_l("For example QTA-01. A tag that the project does not have yet is added."),
        filters=[_stripped],
        validators=[Optional(), Length(max=80), Regexp(CONTROL_CHARACTERS)],
        render_kw={"maxlength": 80, "autocomplete": "off", "list": "equipment-tags"},
    )
    title = StringField(
        _l("Title"),
        description=_l("What is inspected, in a few words. It stands on the cover."),
        filters=[_stripped],
        validators=[
            DataRequired(_l("Give the report a title.")),
            Length(max=200),
            Regexp(CONTROL_CHARACTERS),
        ],
        render_kw={"maxlength": 200},
    )
    assignee_id = SelectField(
        _l("Assignee"), coerce=_as_id, validators=[InputRequired(_l("Choose who fills it in."))]
    )

    def offer(self, choices: StartChoices) -> None:
        """Fill the lists. One thing to choose from is chosen; a lone assignee is not asked for."""
        self.checklist_id.choices = _with_prompt(choices.checklists, _("Choose a checklist"))
        self.project_id.choices = _with_prompt(choices.projects, _("Choose a project"))
        if len(choices.people) > 1:
            self.assignee_id.choices = list(choices.people)
        else:
            del self.assignee_id

    @property
    def chosen_client_id(self) -> UUID | None:
        """The id that makes a second post harmless, or None where it is not one."""
        try:
            return UUID(self.client_id.data)
        except (TypeError, ValueError):
            return None


def _with_prompt(choices: tuple[tuple[UUID, str], ...], prompt: str) -> list[tuple[Any, str]]:
    return list(choices) if len(choices) == 1 else [("", prompt), *choices]
