"""Lists of reports that wait for a review, for the start page. Read-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from app.extensions import db
from app.models import MANAGERS, Account, Actor, Project, Report, Review
from app.reports.queries import visible_to
from app.reports.reviewing.admission import waits_for

SHOWN = 10


@dataclass(frozen=True, slots=True)
class WaitingReview:
    """A report that waits since `since`; `reviewer` has begun, or is the only one who may."""

    report_id: UUID
    number: str
    revision: int
    title: str
    project: str
    submitter: str
    since: datetime
    round: int
    reviewer: str | None


def list_waiting_reviews(person: Actor) -> list[WaitingReview]:
    """For a manager or admin the reviews that they may take; for a technician their own reports
    that somebody reviews. The longest waiting first."""
    is_mine = waits_for(person) if person.role in MANAGERS else Review.closed_at.is_(None)
    submitter, reviewer, named = aliased(Account), aliased(Account), aliased(Account)
    rows = db.session.execute(
        select(
            Report.id,
            Report.number,
            Report.revision,
            Report.title,
            Project.name,
            submitter.name,
            Review.waiting_since,
            Review.round,
            reviewer.name,
            named.name,
        )
        .join(Report, Report.id == Review.report_id)
        .join(Project, Project.id == Report.project_id)
        .join(submitter, submitter.id == Review.submitted_by)
        .outerjoin(reviewer, reviewer.id == Review.reviewer_id)
        .outerjoin(named, named.id == Review.named_id)
        .where(and_(is_mine, visible_to(person)))
        .order_by(Review.waiting_since, Review.id)
        .limit(SHOWN)
    )
    return [WaitingReview(*row[:8], reviewer=row[8] or row[9]) for row in rows]
