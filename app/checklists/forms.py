"""The form that takes a workbook. What the workbook says is checked by app.definition."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired


class WorkbookForm(FlaskForm):  # type: ignore[misc]
    file = FileField(
        _l("Workbook (.xlsx)"),
        validators=[FileRequired(_l("Choose the workbook to upload."))],
        render_kw={
            "accept": ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        },
    )
