"""The forms that assign a report and set its due day."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField
from wtforms.validators import InputRequired, Optional

from app.reports.assigning.choices import GroupedChoices
from app.web.forms import as_id, options

LAST_DAY = date(2199, 12, 31)


class GroupedSelectField(SelectField):
    """A list of ids with those of the project first."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, coerce=as_id, choices=[], **kwargs)

    def offer(
        self, choices: GroupedChoices, first: str, others: str, prompt: str | None = None
    ) -> None:
        """Fill the list. A single choice is preselected without a prompt; a single group has no
        label."""
        is_split = bool(choices.first and choices.others)
        self.choices = [
            *options([("", prompt)] if prompt and len(choices) != 1 else []),
            *options(choices.first, first if is_split else None),
            *options(choices.others, others if is_split else None),
        ]


class DayField(DateField):
    """An optional calendar day, today or later (`begin` sets today)."""

    def begin(self, today: date) -> None:
        """Offer no day before today, except the current value."""
        first = min(self.data, today) if self.data else today
        self.render_kw = {"min": first.isoformat(), "max": LAST_DAY.isoformat()}

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None
        if valuelist and valuelist[0].strip() and not (self.data and self.data <= LAST_DAY):
            raise ValueError(_("This is not a valid due date."))


class AssignForm(FlaskForm):  # type: ignore[misc]
    """The person to whom a report is handed over."""

    assignee_id = GroupedSelectField(
        _l("Assignee"), validators=[InputRequired(_l("Choose who fills in the report."))]
    )

    def offer(self, people: GroupedChoices) -> None:
        """Fill the list. The current assignee is preselected, unless they are no longer listed."""
        is_listed = any(
            self.assignee_id.data == id for id, _name in (*people.first, *people.others)
        )
        prompt = None if is_listed else _("Choose a person")
        self.assignee_id.offer(people, _("On this project"), _("Other people"), prompt)


class DueForm(FlaskForm):  # type: ignore[misc]
    """The day until which a report should be submitted; empty removes it."""

    due_on = DayField(_l("Due date"), validators=[Optional()])
