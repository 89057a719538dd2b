"""Warns when a saved text for PDFs contains letters that no packaged font has."""

from __future__ import annotations

from flask import flash
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField

from app.scripts import listed, unprintable


def warn_about_letters(form: FlaskForm) -> bool:
    """Flash a warning if a text of `form` contains such letters; the saved text stays."""
    texts = [
        field.data or ""
        for field in form
        if isinstance(field, StringField) and not isinstance(field, PasswordField)
    ]
    letters = unprintable("".join(texts))
    if letters:
        flash(
            _(
                "PDFs cannot print these characters and print their numbers instead: %(letters)s",
                letters=listed(letters),
            ),
            "warning",
        )
    return bool(letters)
