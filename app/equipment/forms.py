"""The form of one piece of equipment."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms.validators import DataRequired

from app.web.forms import TextField


class EquipmentForm(FlaskForm):  # type: ignore[misc]
    tag = TextField(
        _l("Tag"),
        max_length=80,
        validators=[DataRequired(_l("Enter the tag as it appears on the equipment."))],
        render_kw={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"},
    )
    name = TextField(_l("Name"), max_length=200, render_kw={"autocomplete": "off"})

    @property
    def facts(self) -> dict[str, str]:
        return {"tag": self.tag.data or "", "name": self.name.data or ""}
