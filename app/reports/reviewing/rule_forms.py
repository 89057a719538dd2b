"""The form that says who reviews, on the pages of a checklist and of a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.validators import InputRequired, ValidationError

from app.models import ANY_MANAGER
from app.web.forms import options

NOBODY, OF_CHECKLIST = "nobody", "checklist"


class ReviewRuleForm(FlaskForm):  # type: ignore[misc]
    """`steps` are those of a valid form, None if a project follows its checklists."""

    first = SelectField(_l("First reviewer"), validators=[InputRequired()])
    second = SelectField(_l("Second reviewer"), validators=[InputRequired()])

    @classmethod
    def of(cls, steps: Sequence[str] | None) -> ReviewRuleForm:
        """The form with a stored rule."""
        first = OF_CHECKLIST if steps is None else (*steps, NOBODY)[0]
        return cls(
            formdata=None, data={"first": first, "second": (*(steps or ()), NOBODY, NOBODY)[1]}
        )

    def offer(self, people: Mapping[UUID, str], *, of_project: bool = False) -> ReviewRuleForm:
        """Fill in the choices. For a stored person who can no longer review, it is any manager."""
        anyone = (ANY_MANAGER, _("Any manager or admin"))
        named = [(str(account_id), name) for account_id, name in people.items()]
        follow = [(OF_CHECKLIST, _("As the checklist says"))] if of_project else []
        nobody = (NOBODY, _("Nobody: the submit completes the report"))
        firsts = [*follow, nobody, anyone, *named]
        seconds = [(NOBODY, _("Nobody else")), anyone, *named]
        for field, pairs in ((self.first, firsts), (self.second, seconds)):
            field.choices = options(pairs)
            if not field.raw_data and field.data not in dict(pairs):
                field.data = ANY_MANAGER
        return self

    def validate_second(self, field: SelectField) -> None:
        """Without a first reviewer of its own the rule has no second one; say so, drop nothing."""
        if field.data == NOBODY:
            return
        if self.first.data == NOBODY:
            raise ValidationError(
                _("Nobody reviews first. Choose a first reviewer, or “Nobody else” here.")
            )
        if self.first.data == OF_CHECKLIST:
            raise ValidationError(
                _("The checklist names both reviewers. Choose a first one, or “Nobody else” here.")
            )

    @property
    def words(self) -> str:
        """The chosen rule on one line: the reviewers in their order."""
        fields = [self.first] if self.second.data == NOBODY else [self.first, self.second]
        choices = (choice for field in fields for choice in field.iter_choices())
        return " → ".join(str(label) for _value, label, is_chosen, _more in choices if is_chosen)

    @property
    def steps(self) -> list[str] | None:
        if self.first.data == OF_CHECKLIST:
            return None
        if self.first.data == NOBODY:
            return []
        return [one for one in (self.first.data, self.second.data) if one != NOBODY]
