"""The people of one tenant: who they are, what they may do, and how they come in."""

from flask import Blueprint

blueprint = Blueprint("team", __name__)

from app.team import (  # noqa: E402, F401
    accepting_routes,
    inviting_routes,
    routes,
)
