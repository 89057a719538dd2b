"""Reports: start, list, fill, sign, submit, archive."""

from flask import Blueprint

blueprint = Blueprint("reports", __name__)

from app.reports import (  # noqa: E402
    assigning_routes,  # noqa: F401
    evidence_routes,  # noqa: F401
    filling_routes,  # noqa: F401
    listing_routes,  # noqa: F401
    routes,  # noqa: F401
    show_routes,  # noqa: F401
    signing_routes,  # noqa: F401
    submitting_routes,  # noqa: F401
)
