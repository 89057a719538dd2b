"""The start page, health for load balancers: what needs no feature of its own."""

from flask import Blueprint

blueprint = Blueprint("home", __name__)

from app.home import file_routes, onboarding_routes, routes  # noqa: E402, F401
