"""The technician's side of a review: withdraw the report, and answer the comments at its fields."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select

from app.evidence.service import record
from app.extensions import db
from app.models import Account, Actor, Report, Review, ReviewComment, ReviewState
from app.reports.lifecycle import ReportEvent, carry_out, get_transition, lock_for
from app.reports.locking import lock_open_report
from app.reports.reviewing.errors import ReviewHasBegun
from app.reports.reviewing.rounds import close, find_open_review, get_comment, mark_comment


def withdraw_report(*, report_id: UUID, actor: Actor) -> Report:
    """Take a submitted report back while nobody has begun its review.

    Raises NotFound, NotAllowed, WrongStatus, ReviewHasBegun.
    """
    report = lock_for(ReportEvent.WITHDRAWN, report_id, actor=actor)
    get_transition(ReportEvent.WITHDRAWN, report, actor=actor)
    review = find_open_review(report_id)
    if review is not None and (begun_by := find_beginner(review)):
        raise ReviewHasBegun(name=begun_by)
    at = datetime.now(UTC)
    if review is not None:
        close(review, ReviewState.WITHDRAWN, at=at)
    carry_out(report, ReportEvent.WITHDRAWN, actor=actor, at=at)
    return report


def answer_comment(
    *, report_id: UUID, comment_id: UUID, reply: str, is_done: bool, actor: Actor
) -> ReviewComment:
    """Answer a comment of a returned report and mark it done, or open again.

    An empty `reply` leaves the answer as it is. Raises NotFound, ReportClosed.
    """
    report = lock_open_report(report_id, actor=actor)
    comment = get_comment(report_id, comment_id)
    if reply and reply != comment.reply:
        old = comment.reply
        comment.reply, comment.replied_at = reply, datetime.now(UTC)
        comment.replied_by = actor.account_id
        record(
            "review.replied",
            report,
            actor,
            field=comment.field_id,
            comment_id=str(comment.id),
            comment=comment.words,
            old_reply=old,
            reply=reply,
        )
    mark_comment(report, comment, is_done=is_done, actor=actor)
    return comment


def find_beginner(review: Review) -> str | None:
    """The name of whoever began this round; None while nobody has. Two steps are one review: the
    first one's approval has begun it."""
    return db.session.scalar(
        select(Account.name)
        .join(Review, Review.reviewer_id == Account.id)
        .where(Review.report_id == review.report_id, Review.round == review.round)
        .order_by(Review.step.desc())
        .limit(1)
    )
