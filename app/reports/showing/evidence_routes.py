"""Route that verifies a completed report, as a fragment of the report's page or as its own page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Response, url_for
from flask_login import current_user

from app.evidence.differences import describe
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

# An unchanged verdict is written again only when it is older than this.
FRESH = timedelta(minutes=10)


@blueprint.get("/reports/<uuid:report_id>/evidence")
@requires(*MEMBERS)
def evidence(report_id: UUID) -> Response:
    """Compare the rows now, and show the result together with that of the last check of files."""
    report = get_report(report_id, person=current_actor())
    if not report.is_finished:
        return redirect_to(url_for(".show", report_id=report_id))
    # If even the version was deleted, answers are named by their ids.
    definition = report.version.definition if report.version else None
    differences = check_rows(report.id)
    if _needs_update(find_verification(report.id), differences) and not current_user.is_support:
        keep_rows_verdict(report.id, differences)
        db.session.commit()
        report = get_report(report_id, person=current_actor())
    verification = find_verification(report.id)
    # Shows what was found now, even if it was not stored: support access stores no verdict.
    found = differences + (damage_in(verification) if verification else ())
    return render_page(
        "reports/evidence.html",
        "state",
        report=report,
        verification=verification,
        lines=[describe(one, definition) for one in found],
    )


def _needs_update(kept: Verification | None, differences: Differences) -> bool:
    if kept is None or kept.rows_checked_at is None:
        return True
    is_stale = kept.rows_checked_at < datetime.now(UTC) - FRESH
    return is_stale or kept.differences != [one.as_data() for one in differences]
