"""The forms of checklists: a workbook, the languages of an XLSForm, and the layout of PDFs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SelectField, ValidationError
from wtforms.validators import DataRequired, InputRequired

from app.definition.schema import Definition, Language, Text
from app.definition.xlsform.languages import FormLanguage
from app.layouts import Layout
from app.models.checklist import MAX_NOTE
from app.web.forms import LongTextField, TextField, options
from app.words import LAYOUTS

OF_COMPANY = "company"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_TITLE = 500
_CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,31}")
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


class PublishForm(FlaskForm):  # type: ignore[misc]
    note = LongTextField(
        _l("What is new in this version"), max_length=MAX_NOTE, render_kw={"rows": 3}
    )


class DuplicateForm(FlaskForm):  # type: ignore[misc]
    """Code and titles of the copy; a title for each language of the checklist."""

    code = TextField(
        _l("Code"),
        max_length=32,
        validators=[DataRequired(_l("Enter a code for the copy."))],
        render_kw={"autocapitalize": "characters", "spellcheck": "false", "autocomplete": "off"},
    )
    title_en = TextField(_l("Title (English)"), max_length=MAX_TITLE)
    title_pt = TextField(_l("Title (Portuguese)"), max_length=MAX_TITLE)

    def of(self, definition: Definition) -> DuplicateForm:
        """Keep the titles in the checklist's languages, filled in with those that it has."""
        for language in Language:
            field = self[f"title_{language}"]
            if language not in definition.languages:
                del self[f"title_{language}"]
            elif not self.is_submitted():
                field.data = getattr(definition.header.title, language)
        return self

    @property
    def title(self) -> Text:
        """The title of a valid form."""
        return Text(**{one: self[f"title_{one}"].data or None for one in self._languages})

    @property
    def _languages(self) -> list[Language]:
        return [one for one in Language if f"title_{one}" in self]

    def validate_code(self, field: TextField) -> None:
        field.data = (field.data or "").upper()
        if not _CODE.fullmatch(field.data):
            raise ValidationError(
                _("Use at most 32 letters without accents, digits, points and hyphens.")
            )

    def validate(self, extra_validators: object = None) -> bool:
        is_valid = bool(super().validate(extra_validators))
        if not any(self[f"title_{one}"].data for one in self._languages):
            first = self[f"title_{self._languages[0]}"]
            first.errors = [*first.errors, _("Enter a title for the copy.")]
            return False
        return is_valid
