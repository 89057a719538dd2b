"""Where a report is in its review, for the report's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.models import Report, ReportStatus
from app.reports.reviewing.admission import named_reviewer
from app.reports.reviewing.discussing import find_beginner
from app.reports.reviewing.rounds import count_open_comments, find_open_review


@dataclass(frozen=True, slots=True)
class Standing:
    """`reviewer` is the only person who may take the step, if one is named; `begun_by` has begun
    the round. While the report is open, only `open_comments` counts."""

    since: datetime | None = None
    reviewer: str = ""
    begun_by: str = ""
    open_comments: int = 0


def standing_of(report: Report, *, is_commented: bool) -> Standing:
    if report.is_open:
        return Standing(open_comments=count_open_comments(report.id) if is_commented else 0)
    review = find_open_review(report.id) if report.status is ReportStatus.SUBMITTED else None
    if review is None:
        return Standing()
    named = named_reviewer(review)
    return Standing(
        since=review.waiting_since,
        reviewer=named.name if named else "",
        begun_by=find_beginner(review) or "",
    )
