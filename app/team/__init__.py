"""The people of one tenant: accounts, roles and invitations."""

from flask import Blueprint

blueprint = Blueprint("team", __name__)

from app.team import (  # noqa: E402, F401
    accepting_routes,
    inviting_routes,
    routes,
)
