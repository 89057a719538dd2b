"""Sites and contracts: list, create, edit."""

from flask import Blueprint

blueprint = Blueprint("projects", __name__)

from app.projects import routes  # noqa: E402, F401
