"""Lists of reports that wait for a review, for the start page. Read-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.models import MANAGERS, Account, Actor, Project, Report, Review, Role
from app.prepared import Prepared, prepare
from app.reports.queries import any_person, visible_to
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


def list_waiting_reviews(person: Actor, *, may_approve_own: bool) -> list[WaitingReview]:
    """For a manager or admin the reviews that they may take; for a technician their own reports
    that somebody reviews. The longest waiting first. `may_approve_own` is the company's."""
    rows = _prepare_waiting(person.role, may_approve_own).run(account_id=person.account_id)
    return [WaitingReview(*tuple(row)) for row in rows]


@lru_cache
def _prepare_waiting(role: Role | None, may_approve_own: bool) -> Prepared:
    """The statement of the list, for anybody of the role in any company with that setting."""
    person = any_person(role)
    is_open = Review.closed_at.is_(None)
    is_mine = waits_for(person, may_approve_own=may_approve_own) if role in MANAGERS else is_open
    submitter, reviewer, named = aliased(Account), aliased(Account), aliased(Account)
    return prepare(
        select(
            Report.id,
            Report.number,
            Report.revision,
            Report.title,
            Project.name.label("project"),
            submitter.name.label("submitter"),
            Review.waiting_since,
            Review.round,
            func.coalesce(reviewer.name, named.name).label("reviewer"),
        )
        .join(Report, Report.id == Review.report_id)
        .join(Project, Project.id == Report.project_id)
        .join(submitter, submitter.id == Review.submitted_by)
        .outerjoin(reviewer, reviewer.id == Review.reviewer_id)
        .outerjoin(named, named.id == Review.named_id)
        .where(is_mine, visible_to(person))
        .order_by(Review.waiting_since, Review.id)
        .limit(SHOWN)
    )
