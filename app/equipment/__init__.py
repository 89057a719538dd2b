"""Equipment: the tagged assets of a project."""

from flask import Blueprint

blueprint = Blueprint("equipment", __name__)

from app.equipment import routes  # noqa: E402, F401
