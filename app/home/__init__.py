"""The start page and the first steps of a new company."""

from flask import Blueprint

blueprint = Blueprint("home", __name__)

from app.home import onboarding_routes, routes  # noqa: E402, F401
