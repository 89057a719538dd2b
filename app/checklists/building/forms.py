"""The form that starts a checklist from nothing. Settings are read by settings.py."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.validators import InputRequired, Regexp

from app.checklists.building.settings import CODE, MAX_LABEL
from app.checklists.building.wording import LANGUAGES
from app.definition.schema import Language
from app.web.forms import TextField, options


class StartForm(FlaskForm):  # type: ignore[misc]
    title = TextField(
        _l("Title"), validators=[InputRequired(_l("Enter a title."))], max_length=MAX_LABEL
    )
    code = TextField(
        _l("Code"),
        description=_l(
            "Reports are numbered with it, such as COM-001. It is final once published."
        ),
        validators=[
            InputRequired(_l("Enter a code.")),
            Regexp(
                f"^{CODE.pattern}$",
                message=_l("Use capitals, digits, dots and hyphens, such as COM-001."),
            ),
        ],
        filters=[lambda text: text.upper() if text else text],
        max_length=32,
    )
    first = SelectField(_l("First language"))
    second = SelectField(_l("Second language"))

    def offer(self, first: Language) -> StartForm:
        """Fill in the choices; `first` leads on an empty form."""
        pairs = LANGUAGES.choices(Language)
        self.first.choices = options(pairs)
        self.second.choices = options([("", _l("None")), *pairs])
        if not self.is_submitted():
            self.first.data = first.value
        return self

    @property
    def languages(self) -> Sequence[Language]:
        """Of a valid form: one, or two different ones."""
        chosen = dict.fromkeys(one for one in (self.first.data, self.second.data) if one)
        return tuple(Language(one) for one in chosen)
