"""A company's own settings."""

from flask import Blueprint

blueprint = Blueprint("company", __name__)

from app.company import routes  # noqa: E402, F401
