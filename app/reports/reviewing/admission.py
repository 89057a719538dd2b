"""Who may take a step of a review now, and who may approve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from app.errors import DomainError, NotAllowed
from app.extensions import db
from app.models import MANAGERS, Account, Actor, AuditEntry, Report, Review, ReviewState
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
    if has_filled_in(report.id, person.account_id) and not own_tenant().may_approve_own:
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


def named_reviewer(review: Review) -> Account | None:
    """The only person who may take this step; None if any manager may.

    Whoever is named and cannot approve is replaced by any manager, so that no report waits for
    ever: the account or the role is gone, or they approved the step before it as any manager, or
    they filled in the report.
    """
    named = named_and_able(review.named_id)
    if named is None or _approved_before(review, named.id):
        return None
    is_barred = has_filled_in(review.report_id, named.id) and not own_tenant().may_approve_own
    return None if is_barred else named


def has_filled_in(report_id: UUID, account_id: UUID | None) -> bool:
    return bool(db.session.scalar(select(_filled_in(report_id, account_id))))


def waits_for(person: Actor, *, may_approve_own: bool) -> ColumnElement[bool]:
    """The condition on open steps that this manager or admin may take. `may_approve_own` is the
    company's."""
    named = Review.named_id
    anyone = [named.is_(None), is_gone(named), _approved_earlier(named)]
    if not may_approve_own:
        anyone.append(_filled_in(Review.report_id, named))
    is_theirs = or_(named == person.account_id, *anyone)
    return and_(Review.closed_at.is_(None), is_theirs, ~_approved_earlier(person.account_id))


def _filled_in(report_id: Any, account_id: Any) -> ColumnElement[bool]:
    """Whether the account filled in a part of the report, or of an older revision whose content it
    carries."""
    own, of_number = aliased(Report), aliased(Report)
    return (
        select(AuditEntry.id)
        .join(of_number, of_number.id == AuditEntry.object_id)
        .join(own, own.number == of_number.number)
        .where(
            own.id == report_id,
            or_(of_number.id == own.id, of_number.completed_at.is_not(None)),
            AuditEntry.object_type == Report.audit_type,
            AuditEntry.actor_id == account_id,
            AuditEntry.action.in_(FILLING),
        )
        .exists()
    )


def _approved_earlier(account_id: Any) -> ColumnElement[bool]:
    """The condition on steps whose round the account has already approved a step of."""
    other = aliased(Review)
    return (
        select(other.id)
        .where(
            other.report_id == Review.report_id,
            other.round == Review.round,
            other.step < Review.step,
            other.reviewer_id == account_id,
        )
        .exists()
    )


def _refusal(review: Review, person: Actor) -> DomainError | None:
    if person.role not in MANAGERS:
        return NotAllowed()
    named = named_reviewer(review)
    if named is not None and named.id != person.account_id:
        return ReviewedByOther(name=named.name)
    return TwoPeopleNeeded() if _approved_before(review, person.account_id) else None


def _approved_before(review: Review, account_id: UUID | None) -> bool:
    earlier = select(Review.id).where(
        Review.report_id == review.report_id,
        Review.round == review.round,
        Review.step < review.step,
        Review.state == ReviewState.APPROVED,
        Review.reviewer_id == account_id,
    )
    return bool(db.session.scalar(select(earlier.exists())))
