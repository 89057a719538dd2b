"""A company's own pages: its brand, its settings, how much of its plan it uses, its export."""

from flask import Blueprint

blueprint = Blueprint("company", __name__)

from app.company import (  # noqa: E402
    brand_routes,  # noqa: F401
    export_routes,  # noqa: F401
    routes,  # noqa: F401
    settings_routes,  # noqa: F401
    usage_routes,  # noqa: F401
)
