"""Companies and superadmins, through the platform's own database role; never a company's content.

Every page here shows numbers and names of companies. What a company keeps is read only by a look
that it is told of (support.py).
"""

from flask import Blueprint

blueprint = Blueprint("platform", __name__)

from app.platform import (  # noqa: E402
    audit_routes,  # noqa: F401
    deletion_routes,  # noqa: F401
    routes,  # noqa: F401
    support_routes,  # noqa: F401
    wording,
)

blueprint.add_app_template_filter(wording.gigabytes)
