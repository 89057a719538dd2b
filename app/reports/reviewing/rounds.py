"""Begins and ends the steps of a report's review, with the report already locked.

service.py decides who may do it, and carries out the report's transitions.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select

from app.evidence.service import record
from app.extensions import db
from app.models import Actor, Report, Review, ReviewComment, ReviewState
from app.reports.reviewing.rules import Steps, named_in
from app.rows import one_or_404


def start_round(report_id: UUID, steps: Steps, *, submitted_by: UUID, at: datetime) -> Review:
    """Add the first step of the next round. `steps` must not be empty."""
    last = db.session.scalar(select(func.max(Review.round)).where(Review.report_id == report_id))
    return _add(report_id, (last or 0) + 1, 1, steps, submitted_by, at)


def start_next_step(review: Review, *, at: datetime) -> Review:
    """Add the step that follows an approved one."""
    return _add(
        review.report_id, review.round, review.step + 1, review.steps, review.submitted_by, at
    )


def begin(review: Review, *, reviewer_id: UUID, at: datetime) -> bool:
    """Make this person the reviewer; True if they were not before."""
    if review.reviewer_id == reviewer_id:
        return False
    review.state, review.reviewer_id, review.begun_at = ReviewState.BEGUN, reviewer_id, at
    return True


def close(review: Review, state: ReviewState, *, at: datetime) -> None:
    review.state, review.closed_at = state, at
    db.session.flush()


def find_open_review(report_id: UUID) -> Review | None:
    """The step that somebody waits for."""
    waiting = select(Review).where(Review.report_id == report_id, Review.closed_at.is_(None))
    return db.session.scalars(waiting).one_or_none()


def has_approved(report_id: UUID, account_id: UUID | None) -> bool:
    """Whether the account took the step that completed the report."""
    last = select(Review).where(Review.report_id == report_id)
    ordered = last.order_by(Review.round.desc(), Review.step.desc()).limit(1)
    review = db.session.scalars(ordered).one_or_none()
    return (
        review is not None
        and review.state is ReviewState.APPROVED
        and review.reviewer_id == account_id
    )


def list_reviews(report_id: UUID) -> list[Review]:
    """Every step of every round, oldest first."""
    rows = select(Review).where(Review.report_id == report_id).order_by(Review.round, Review.step)
    return list(db.session.scalars(rows))


def list_comments(report_id: UUID) -> list[ReviewComment]:
    """Every comment of every round, oldest first."""
    rows = (
        select(ReviewComment)
        .where(ReviewComment.report_id == report_id)
        .order_by(ReviewComment.created_at, ReviewComment.id)
    )
    return list(db.session.scalars(rows))


def count_open_comments(report_id: UUID) -> int:
    return sum(one.is_open for one in list_comments(report_id))


def first_open_field(report_id: UUID, order: Iterable[str]) -> str | None:
    """The first field, in the form's order, that has an open comment."""
    fields = {one.field_id for one in list_comments(report_id) if one.is_open}
    return next((field_id for field_id in order if field_id in fields), None)


def get_comment(report_id: UUID, comment_id: UUID) -> ReviewComment:
    """Raises NotFound."""
    return one_or_404(
        select(ReviewComment).where(
            ReviewComment.id == comment_id, ReviewComment.report_id == report_id
        )
    )


def find_same_comment(
    review_id: UUID, field_id: str, words: str, author_id: UUID
) -> ReviewComment | None:
    """The comment that was posted before: a form that is sent twice says it once."""
    return db.session.scalars(
        select(ReviewComment)
        .where(
            ReviewComment.review_id == review_id,
            ReviewComment.field_id == field_id,
            ReviewComment.words == words,
            ReviewComment.author_id == author_id,
        )
        .limit(1)
    ).one_or_none()


def mark_comment(report: Report, comment: ReviewComment, *, is_done: bool, actor: Actor) -> None:
    """Close or open a comment of a locked report, unless it is so already."""
    if is_done is not comment.is_open:
        return
    comment.done_at = datetime.now(UTC) if is_done else None
    comment.done_by = actor.account_id if is_done else None
    facts = {"field": comment.field_id, "comment_id": str(comment.id), "comment": comment.words}
    if is_done:
        record("review.comment_done", report, actor, **facts)
    else:
        record("review.comment_reopened", report, actor, **facts)


def _add(
    report_id: UUID, round: int, step: int, steps: Steps, submitted_by: UUID, at: datetime
) -> Review:
    review = Review(
        report_id=report_id,
        round=round,
        step=step,
        steps=list(steps),
        named_id=named_in(steps[step - 1]),
        submitted_by=submitted_by,
        waiting_since=at,
    )
    db.session.add(review)
    db.session.flush()
    return review
