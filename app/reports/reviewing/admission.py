"""Who may take a step of a review now, and who may approve."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from app.errors import DomainError, NotAllowed
from app.extensions import db
from app.models import MANAGERS, Actor, AuditEntry, Report, Review, ReviewState
from app.reports.reviewing.errors import FilledInYourself, ReviewedByOther, TwoPeopleNeeded
from app.reports.reviewing.rules import is_gone, named_and_able
from app.rows import own_tenant

# Whoever did one of these to a report has filled in a part of it. Its answers alone would not name
# those whose answers somebody replaced.
FILLING = (
    "answer.saved",
    "answer.settled",
    "photo.received",
    "photo.placed",
    "photo.edited",
    "photo.settled",
    "photo.removed",
    "signature.taken",
    "signature.withdrawn",
    "report.submitted",
)


def require_reviewer(review: Review, person: Actor) -> None:
    """Raises NotAllowed, ReviewedByOther, TwoPeopleNeeded."""
    if refusal := _refusal(review, person):
        raise refusal


def require_approver(report: Report, person: Actor) -> None:
    """Raises FilledInYourself."""
    if has_filled_in(report.id, person) and not own_tenant().may_approve_own:
        raise FilledInYourself


def why_not(report: Report, review: Review, person: Actor) -> Mapping[str, DomainError]:
    """Why the person may not `review` or `approve`; empty if they may do both."""
    if refusal := _refusal(review, person):
        return {"review": refusal, "approve": refusal}
    try:
        require_approver(report, person)
    except FilledInYourself as refused:
        return {"approve": refused}
    return {}


def has_filled_in(report_id: UUID, person: Actor) -> bool:
    filled = select(AuditEntry.id).where(
        AuditEntry.object_type == Report.audit_type,
        AuditEntry.object_id == report_id,
        AuditEntry.actor_id == person.account_id,
        AuditEntry.action.in_(FILLING),
    )
    return bool(db.session.scalar(select(filled.exists())))


def waits_for(person: Actor) -> ColumnElement[bool]:
    """The condition on open steps that this manager or admin may take."""
    other = aliased(Review)
    first_by_them = select(other.id).where(
        other.report_id == Review.report_id,
        other.round == Review.round,
        other.step < Review.step,
        other.reviewer_id == person.account_id,
    )
    named = or_(
        Review.named_id.is_(None), Review.named_id == person.account_id, is_gone(Review.named_id)
    )
    return and_(Review.closed_at.is_(None), named, ~first_by_them.exists())


def _refusal(review: Review, person: Actor) -> DomainError | None:
    if person.role not in MANAGERS:
        return NotAllowed()
    named = named_and_able(review.named_id)
    if named is not None and named.id != person.account_id:
        return ReviewedByOther(name=named.name)
    return TwoPeopleNeeded() if _approved_before(review, person) else None


def _approved_before(review: Review, person: Actor) -> bool:
    earlier = select(Review.id).where(
        Review.report_id == review.report_id,
        Review.round == review.round,
        Review.step < review.step,
        Review.state == ReviewState.APPROVED,
        Review.reviewer_id == person.account_id,
    )
    return bool(db.session.scalar(select(earlier.exists())))
