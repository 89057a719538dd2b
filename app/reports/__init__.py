"""Reports, with a package each for starting, assigning, filling, signing, completing, showing and
listing them."""

from flask import Blueprint

blueprint = Blueprint("reports", __name__)

import app.reports.assigning.routes  # noqa: E402
import app.reports.completing.routes  # noqa: E402
import app.reports.filling.routes  # noqa: E402
import app.reports.listing.routes  # noqa: E402
import app.reports.reviewing.routes  # noqa: E402
import app.reports.revising.routes  # noqa: E402
import app.reports.showing.evidence_routes  # noqa: E402
import app.reports.showing.routes  # noqa: E402
import app.reports.signing.routes  # noqa: E402
import app.reports.starting.routes  # noqa: E402, F401
