"""The forms of checklists: a workbook, which app.definition checks, and the layout of PDFs."""

from __future__ import annotations

import re

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, ValidationError
from wtforms.validators import DataRequired, InputRequired

from app.definition.schema import Definition, Language, Text
from app.layouts import Layout
from app.models.checklist import MAX_NOTE
from app.web.forms import LongTextField, TextField, options
from app.words import LAYOUTS

OF_COMPANY = "company"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_TITLE = 500
_CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,31}")


class WorkbookForm(FlaskForm):  # type: ignore[misc]
    file = FileField(
        _l("Workbook (.xlsx)"),
        validators=[FileRequired(_l("Choose the workbook to upload."))],
        render_kw={
            "accept": ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        },
    )


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
