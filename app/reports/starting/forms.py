"""The form that starts a report. Its choices come from starting/choices.py."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Optional

from app.reports.assigning.choices import Choices
from app.reports.assigning.forms import DayField, GroupedSelectField
from app.reports.starting.choices import StartChoices
from app.web.forms import TextField, as_id, options


class StartForm(FlaskForm):  # type: ignore[misc]
    """Project, checklist, equipment, title, assignee and due day of a new report."""

    client_id = HiddenField(default=lambda: str(uuid4()))
    project_id = SelectField(
        _l("Project"), coerce=as_id, validators=[InputRequired(_l("Choose a project."))]
    )
    checklist_id = GroupedSelectField(
        _l("Checklist"), validators=[InputRequired(_l("Choose a checklist."))]
    )
    equipment_tag = TextField(
        _l("Equipment tag"),
        description=_l(
            "For example, QTA-01. If the project does not have this tag yet, it is added."
        ),
        max_length=80,
        validators=[Optional()],
        render_kw={"autocomplete": "off", "list": "equipment-tags"},
    )
    title = TextField(
        _l("Title"),
        description=_l("What is being inspected, in a few words. It appears on the cover."),
        max_length=200,
        validators=[DataRequired(_l("Enter a title for the report."))],
    )
    assignee_id = GroupedSelectField(
        _l("Assignee"), validators=[InputRequired(_l("Choose who fills in the report."))]
    )
    due_on = DayField(
        _l("Due date"),
        description=_l("The day by which the report should be submitted."),
        validators=[Optional()],
    )

    def offer(self, choices: StartChoices, today: date) -> None:
        """Fill the lists. A single choice is preselected; a single assignee needs no field."""
        self.project_id.choices = _with_prompt(choices.projects, _("Choose a project"))
        self.checklist_id.offer(
            choices.checklists,
            _("For this project"),
            _("Other checklists"),
            prompt=_("Choose a checklist"),
        )
        self.due_on.begin(today)
        if len(choices.people) > 1:
            self.assignee_id.offer(choices.people, _("On this project"), _("Other people"))
        else:
            del self.assignee_id


def _with_prompt(choices: Choices, prompt: str) -> list[SelectChoice]:
    return options(choices if len(choices) == 1 else [("", prompt), *choices])
