"""The forms at a photo. inputs.py parses what comes with its file."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField
from wtforms.validators import AnyOf, DataRequired

from app.web.forms import LongTextField, TextField


class CaptionForm(FlaskForm):  # type: ignore[misc]
    caption = TextField(_l("Caption"), max_length=500, default="")


class ReasonForm(FlaskForm):  # type: ignore[misc]
    reason = LongTextField(_l("Reason"), [DataRequired()], max_length=1000)


class MoveForm(FlaskForm):  # type: ignore[misc]
    step = IntegerField(validators=[AnyOf((-1, 1))])
