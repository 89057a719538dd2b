"""Reads which reports a person's device keeps by itself."""

from __future__ import annotations

from app.models import OPEN_STATUSES, Actor, Report
from app.reports.listing.order import NEWEST_CHANGE
from app.reports.listing.queries import ReportLine, list_lines
from app.reports.queries import visible_to

# A phone keeps the first 20 by itself, and all of them if asked.
MOST = 100


def list_own_open(person: Actor) -> tuple[ReportLine, ...]:
    """The open reports that are assigned to the person, last changed first."""
    return list_lines(
        visible_to(person),
        Report.status.in_(OPEN_STATUSES),
        Report.assignee_id == person.account_id,
        order=NEWEST_CHANGE,
        limit=MOST,
    )
