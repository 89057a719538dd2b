"""The forms of a review: a comment of the reviewer, and the technician's answer to it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField
from wtforms.validators import DataRequired

from app.models import MAX_COMMENT
from app.web.forms import LongTextField


class CommentForm(FlaskForm):  # type: ignore[misc]
    words = LongTextField(
        _l("Comment"),
        max_length=MAX_COMMENT,
        validators=[DataRequired(_l("Write what has to change."))],
    )


class AnswerForm(FlaskForm):  # type: ignore[misc]
    reply = LongTextField(_l("Your answer"), max_length=MAX_COMMENT)
    is_done = BooleanField(_l("Done"))
