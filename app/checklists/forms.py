"""The forms of checklists: a workbook, which app.definition checks, and the layout of PDFs."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField
from wtforms.validators import InputRequired

from app.layouts import Layout
from app.web.forms import options
from app.words import LAYOUTS

OF_COMPANY = "company"


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
