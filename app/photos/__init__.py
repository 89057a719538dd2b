"""Photos of reports: upload, reading, derivatives, placement, download."""

from flask import Blueprint

blueprint = Blueprint("photos", __name__)

from app.photos import again_routes, card_routes, near_routes, routes  # noqa: E402, F401
