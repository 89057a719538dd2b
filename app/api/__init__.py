"""The versioned JSON API."""

from flask import Blueprint

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

from app.api import routes  # noqa: E402, F401
