"""The forms of checklists: a workbook, the languages of an XLSForm, and the layout of PDFs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SelectField
from wtforms.validators import InputRequired

from app.definition.xlsform.languages import FormLanguage
from app.layouts import Layout
from app.web.forms import options
from app.words import LAYOUTS

OF_COMPANY = "company"
NO_LANGUAGE = ""
# The key of a language without a name is empty, as is the value of no language.
_PREFIX = "="


class WorkbookForm(FlaskForm):  # type: ignore[misc]
    file = FileField(
        _l("Workbook (.xlsx)"),
        validators=[FileRequired(_l("Choose the workbook to upload."))],
        render_kw={
            "accept": ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        },
    )


class LanguagesForm(FlaskForm):  # type: ignore[misc]
    """Which languages of an XLSForm a checklist takes; the second may be none."""

    first = SelectField(_l("First language"), validators=[InputRequired()])
    second = SelectField(_l("Second language"))

    def offer(self, languages: Sequence[FormLanguage], chosen: Sequence[str]) -> LanguagesForm:
        """Fill in the choices, and select those that are chosen."""
        choices = options([(_PREFIX + one.key, _name_of(one)) for one in languages])
        self.first.choices = choices
        self.second.choices = options([(NO_LANGUAGE, _("None"))]) + choices
        first, second = ([_PREFIX + key for key in chosen] + [NO_LANGUAGE, NO_LANGUAGE])[:2]
        self.first.data, self.second.data = first, second
        return self

    @staticmethod
    def chosen_in(values: Mapping[str, str]) -> list[str] | None:
        """The keys of the languages in a request; None if it names none."""
        named = [values.get(name, NO_LANGUAGE) for name in ("first", "second")]
        return [one.removeprefix(_PREFIX) for one in named if one != NO_LANGUAGE] or None


def _name_of(language: FormLanguage) -> str:
    if language.name:
        return language.name
    guessed = _("Portuguese") if language.tag == "pt" else _("English")
    return str(_("Without a name (%(language)s)", language=guessed))


class LayoutForm(FlaskForm):  # type: ignore[misc]
    layout = RadioField(_l("PDF layout"), validators=[InputRequired(_l("Choose a layout."))])

    def offer(self, company: Layout) -> LayoutForm:
        """Fill in the choices; the first is that of the company, whatever it chooses later."""
        own = _("The company's layout (now %(layout)s)", layout=LAYOUTS.word(company))
        self.layout.choices = options([(OF_COMPANY, own), *LAYOUTS.choices(Layout)])
        return self

    @property
    def chosen(self) -> Layout | None:
        """The layout of a valid form, None for the company's."""
        return None if self.layout.data == OF_COMPANY else Layout(self.layout.data)
