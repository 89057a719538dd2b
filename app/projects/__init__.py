"""Sites and contracts: list, create, edit, archive, and what belongs to each."""

from flask import Blueprint

blueprint = Blueprint("projects", __name__)

from app.projects import (  # noqa: E402
    belonging_routes,  # noqa: F401
    equipment_routes,  # noqa: F401
    routes,  # noqa: F401
    show_routes,  # noqa: F401
)
