"""The form that takes a file of unsent work."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField

IMPORT = "import"


class ImportForm(FlaskForm):  # type: ignore[misc]
    """`step` is the button that was used; `checked` is the SHA-256 of the file that was shown."""

    file = FileField(
        _l("File with unsent work (.zip)"),
        validators=[FileRequired(_l("Choose the file that was saved on the device."))],
        render_kw={"accept": ".zip,application/zip"},
    )
    step = StringField()
    checked = StringField()

    def imports(self, sha256: str) -> bool:
        """Whether to import this file. One that was not checked before is only shown."""
        return bool(self.step.data == IMPORT and self.checked.data == sha256)
