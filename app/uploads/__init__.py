"""Uploads of photos that resume after a cut, by the core of the tus 1.0.0 protocol."""

from flask import Blueprint

blueprint = Blueprint("uploads", __name__)

from app.uploads import routes  # noqa: E402, F401
