"""Plans and their limits, the limits of a company, and its usage."""

from flask import Blueprint

blueprint = Blueprint("plans", __name__)

from app.plans import routes  # noqa: E402, F401
