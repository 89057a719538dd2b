"""Photos of reports: upload, reading, derivatives, placement, download."""

from flask import Blueprint

blueprint = Blueprint("photos", __name__)

from app.photos import (  # noqa: E402
    again_routes,  # noqa: F401
    card_routes,  # noqa: F401
    likeness_routes,  # noqa: F401
    near_routes,  # noqa: F401
    routes,  # noqa: F401
)
