"""Telling whoever saves a text for PDFs that it holds letters which no packaged font has."""

from __future__ import annotations

from flask import flash
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField

from app.scripts import listed, unprintable


def warn_of_letters(form: FlaskForm) -> bool:
    """Flash a warning where a text of `form` holds such letters; what was saved stays."""
    texts = [
        field.data or ""
        for field in form
        if isinstance(field, StringField) and not isinstance(field, PasswordField)
    ]
    letters = unprintable("".join(texts))
    if letters:
        flash(
            _(
                "PDFs cannot print these letters and print their numbers instead: %(letters)s",
                letters=listed(letters),
            ),
            "warning",
        )
    return bool(letters)
