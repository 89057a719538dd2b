"""Stored files as downloads: responses and signed links."""

from flask import Blueprint

blueprint = Blueprint("downloads", __name__)

from app.downloads import routes  # noqa: E402, F401
