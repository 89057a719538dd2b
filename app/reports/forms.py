"""The forms that start a report, hand it over and set its due day.

What a person may choose comes from choices.py; the form that finds reports is finding_address.py.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Optional

from app.reports.choices import Choices, Grouped, StartChoices
from app.web.forms import TextField, as_id, options

LAST_DAY = date(2199, 12, 31)


class GroupedSelectField(SelectField):
    """Ids to choose from, those of the project before all others."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, coerce=as_id, choices=[], **kwargs)

    def offer(self, choices: Grouped, first: str, others: str, prompt: str | None = None) -> None:
        """Fill the list; a lone choice is chosen without the prompt, one group needs no name."""
        is_split = bool(choices.first and choices.others)
        self.choices = [
            *options([("", prompt)] if prompt and len(choices) != 1 else []),
            *options(choices.first, first if is_split else None),
            *options(choices.others, others if is_split else None),
        ]


class DayField(DateField):
    """A calendar day that may be left out, today or later (`today` is set by `begin`)."""

    def begin(self, today: date) -> None:
        """No day before this one is offered."""
        kept = min(self.data, today) if self.data else today
        self.render_kw = {"min": kept.isoformat(), "max": LAST_DAY.isoformat()}

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None
        if valuelist and valuelist[0].strip() and not (self.data and self.data <= LAST_DAY):
            raise ValueError(_("This is not a day that can be due."))


class StartForm(FlaskForm):  # type: ignore[misc]
    """Which checklist is filled, where, under what title and by whom."""

    client_id = HiddenField(default=lambda: str(uuid4()))
    project_id = SelectField(
        _l("Project"), coerce=as_id, validators=[InputRequired(_l("Choose a project."))]
    )
    checklist_id = GroupedSelectField(
        _l("Checklist"), validators=[InputRequired(_l("Choose a checklist."))]
    )
    equipment_tag = TextField(
        _l("Equipment tag"),
        description=_l("For example QTA-01. A tag that the project does not have yet is added."),
        max_length=80,
        validators=[Optional()],
        render_kw={"autocomplete": "off", "list": "equipment-tags"},
    )
    title = TextField(
        _l("Title"),
        description=_l("What is inspected, in a few words. It stands on the cover."),
        max_length=200,
        validators=[DataRequired(_l("Give the report a title."))],
    )
    assignee_id = GroupedSelectField(
        _l("Assignee"), validators=[InputRequired(_l("Choose who fills it in."))]
    )
    due_on = DayField(
        _l("Due day"),
        description=_l("The day until which it should be submitted."),
        validators=[Optional()],
    )

    def offer(self, choices: StartChoices, today: date) -> None:
        """Fill the lists. One thing to choose from is chosen; a lone assignee is not asked for."""
        self.project_id.choices = _with_prompt(choices.projects, _("Choose a project"))
        self.checklist_id.offer(
            choices.checklists,
            _("Of this project"),
            _("Other checklists"),
            prompt=_("Choose a checklist"),
        )
        self.due_on.begin(today)
        if len(choices.people) > 1:
            self.assignee_id.offer(choices.people, _("On this project"), _("Others"))
        else:
            del self.assignee_id


class AssignForm(FlaskForm):  # type: ignore[misc]
    """To whom a report is handed over."""

    assignee_id = GroupedSelectField(
        _l("Assignee"), validators=[InputRequired(_l("Choose who fills it in."))]
    )

    def offer(self, people: Grouped) -> None:
        """Whoever has it stands chosen; somebody who left does not, so nobody does."""
        is_listed = any(
            self.assignee_id.data == id for id, _name in (*people.first, *people.others)
        )
        prompt = None if is_listed else _("Choose a person")
        self.assignee_id.offer(people, _("On this project"), _("Others"), prompt)


class DueForm(FlaskForm):  # type: ignore[misc]
    """Until when a report should be submitted; empty takes the day away."""

    due_on = DayField(_l("Due day"), validators=[Optional()])


def _with_prompt(choices: Choices, prompt: str) -> list[SelectChoice]:
    return options(choices if len(choices) == 1 else [("", prompt), *choices])
