"""Companies and superadmins, through the platform's own database role.

Its pages show names and counts of companies, never their content. Superadmins read the content only
with a support access, of which the company is notified (support.py).
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
