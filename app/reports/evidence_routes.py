"""Route that checks a completed report's evidence: after its page has loaded, or as a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Response, url_for
from flask_login import current_user

from app.evidence.differences import told
from app.evidence.verdicts import (
    check_rows,
    damage_in,
    find_verification,
    keep_rows_verdict,
)
from app.evidence.verification import Differences
from app.extensions import db
from app.models import Verification
from app.reports import blueprint
from app.reports.queries import get_report
from app.web.fragments import redirect_to, render_page
from app.web.guards import MEMBERS, current_actor, requires

# A verdict that says the same is not written again at every look.
FRESH = timedelta(minutes=10)


@blueprint.get("/reports/<uuid:report_id>/evidence")
@requires(*MEMBERS)
def evidence(report_id: UUID) -> Response:
    """Rows are compared now; what the last reading of the stored files found stands beside."""
    report = get_report(report_id, person=current_actor())
    if not report.is_finished:
        return redirect_to(url_for(".show", report_id=report_id))
    # Where even the version was taken away, answers are named by their ids.
    definition = report.version.definition if report.version else None
    differences = check_rows(report.id)
    if _is_news(find_verification(report.id), differences) and not current_user.is_support:
        keep_rows_verdict(report.id, differences)
        db.session.commit()
        report = get_report(report_id, person=current_actor())
    verification = find_verification(report.id)
    # What was found now, kept or not: a look for support keeps no verdict.
    found = differences + (damage_in(verification) if verification else ())
    return render_page(
        "reports/evidence.html",
        "state",
        report=report,
        verification=verification,
        lines=[told(one, definition) for one in found],
    )


def _is_news(kept: Verification | None, differences: Differences) -> bool:
    if kept is None or kept.rows_checked_at is None:
        return True
    is_stale = kept.rows_checked_at < datetime.now(UTC) - FRESH
    return is_stale or kept.differences != [one.as_data() for one in differences]
