"""Reports: start, list, fill, sign, submit, archive."""

from flask import Blueprint

blueprint = Blueprint("reports", __name__)

from app.reports import filling_routes, routes, signing_routes  # noqa: E402, F401
