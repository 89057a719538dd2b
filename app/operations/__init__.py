"""The changes that phones send: each is applied exactly once and gets one verdict."""

from flask import Blueprint

blueprint = Blueprint("operations", __name__)

from app.operations import pulse_routes, routes  # noqa: E402, F401
