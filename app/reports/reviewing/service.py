"""What a reviewer does with a submitted report: accept, comment, return, approve.

Every function locks the report first, so that a withdrawal and the beginning of a review, or two
reviewers, run one after the other. discussing.py has the technician's side.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from app.errors import NotFound
from app.evidence.service import record, record_now
from app.extensions import db
from app.models import Actor, Report, Review, ReviewComment, ReviewState
from app.reports.completing.service import complete_report
from app.reports.lifecycle import ReportEvent, carry_out, get_transition, lock_for
from app.reports.locking import lock_report
from app.reports.reviewing.admission import require_approver, require_reviewer
from app.reports.reviewing.errors import CommentsOpen, NothingToReturn
from app.reports.reviewing.rounds import (
    begin,
    close,
    count_open_comments,
    find_open_review,
    find_same_comment,
    get_comment,
    has_approved,
    mark_comment,
    start_next_step,
)


def accept_field(*, report_id: UUID, field_id: str, is_accepted: bool, actor: Actor) -> Review:
    """Mark a field as accepted, or take the mark away; nothing else follows from it.

    Raises NotFound, NotAllowed, WrongStatus, ReviewedByOther, TwoPeopleNeeded.
    """
    report, review = _lock(report_id, actor)
    _require_field(report, field_id)
    others = [one for one in review.accepted if one != field_id]
    if is_accepted is (field_id in review.accepted):
        return review
    review.accepted = [*others, field_id] if is_accepted else others
    if is_accepted:
        record("review.accepted", report, actor, field=field_id, **_placed(review))
    else:
        record("review.acceptance_withdrawn", report, actor, field=field_id, **_placed(review))
    return review


def comment_on_field(*, report_id: UUID, field_id: str, words: str, actor: Actor) -> ReviewComment:
    """Pin a comment to a field; a field with a new comment is not accepted any more.

    The same words twice by one person in one step are one comment. Raises NotFound, NotAllowed,
    WrongStatus, ReviewedByOther, TwoPeopleNeeded.
    """
    report, review = _lock(report_id, actor)
    _require_field(report, field_id)
    assert actor.account_id
    known = find_same_comment(review.id, field_id, words, actor.account_id)
    if known is not None:
        return known
    said = ReviewComment(
        report_id=report_id,
        review_id=review.id,
        field_id=field_id,
        words=words,
        author_id=actor.account_id,
    )
    review.accepted = [one for one in review.accepted if one != field_id]
    db.session.add(said)
    db.session.flush()
    record(
        "review.commented",
        report,
        actor,
        field=field_id,
        comment_id=str(said.id),
        comment=words,
        **_placed(review),
    )
    return said


def settle_comment(*, report_id: UUID, comment_id: UUID, is_done: bool, actor: Actor) -> None:
    """The reviewer closes a comment that needs nothing more, or opens it again.

    Raises NotFound, NotAllowed, WrongStatus, ReviewedByOther, TwoPeopleNeeded.
    """
    report, _review = _lock(report_id, actor)
    mark_comment(report, get_comment(report_id, comment_id), is_done=is_done, actor=actor)


def return_report(*, report_id: UUID, actor: Actor) -> Report:
    """Give the report back to the technician; it needs at least one open comment.

    Raises NotFound, NotAllowed, WrongStatus, ReviewedByOther, TwoPeopleNeeded, NothingToReturn.
    """
    report = lock_for(ReportEvent.RETURNED, report_id, actor=actor)
    review = _require(report, actor)
    comments = count_open_comments(report_id)
    if not comments:
        raise NothingToReturn
    at = datetime.now(UTC)
    _begin(report, review, actor, at)
    close(review, ReviewState.RETURNED, at=at)
    facts = {"comments": str(comments), **_placed(review)}
    carry_out(
        report,
        ReportEvent.RETURNED,
        actor=actor,
        at=at,
        facts={ReportEvent.RETURNED: lambda: facts},
    )
    return report


def approve_report(*, report_id: UUID, actor: Actor) -> Report:
    """Approve this step: the next reviewer follows, or the report is completed and frozen.

    Nothing changes if the actor has already completed it so. Raises NotFound, NotAllowed,
    WrongStatus, ReviewedByOther, TwoPeopleNeeded, FilledInYourself, CommentsOpen, ReportIncomplete,
    SignaturesDue.
    """
    report = lock_for(ReportEvent.COMPLETED, report_id, actor=actor)
    if report.is_finished and has_approved(report_id, actor.account_id):
        return report
    review = _require(report, actor)
    require_approver(report, actor)
    if comments := count_open_comments(report_id):
        raise CommentsOpen(count=comments)
    at, placed = datetime.now(UTC), _placed(review)
    is_new = begin(review, reviewer_id=_id_of(actor), at=at)
    close(review, ReviewState.APPROVED, at=at)
    if not review.is_last_step:
        start_next_step(review, at=at)
        carry_out(report, ReportEvent.PASSED_ON, actor=actor, at=at)
        if is_new:
            record("review.begun", report, actor, **placed)
        record("review.approved", report, actor, **placed)
        return report

    def note() -> None:
        if is_new:
            record_now("review.begun", report, actor, **placed)
        record_now("review.approved", report, actor, **placed)

    complete_report(report, actor=actor, at=at, note=note)
    return report


def _lock(report_id: UUID, actor: Actor) -> tuple[Report, Review]:
    """The locked report and its step, which the actor has begun with this."""
    report = lock_report(report_id, actor=actor)
    review = _require(report, actor)
    _begin(report, review, actor, datetime.now(UTC))
    return report, review


def _require(report: Report, actor: Actor) -> Review:
    get_transition(ReportEvent.RETURNED, report, actor=actor)
    review = find_open_review(report.id)
    if review is None:
        raise NotFound
    require_reviewer(review, actor)
    return review


def _begin(report: Report, review: Review, actor: Actor, at: datetime) -> None:
    if begin(review, reviewer_id=_id_of(actor), at=at):
        record("review.begun", report, actor, **_placed(review))


def _id_of(actor: Actor) -> UUID:
    assert actor.account_id, "a report is reviewed by a person"
    return actor.account_id


def _placed(review: Review) -> dict[str, str]:
    """Where an entry belongs, for the audit."""
    return {"round": str(review.round), "step": str(review.step)}


def _require_field(report: Report, field_id: str) -> None:
    field = report.version.definition.field(field_id)
    if field is None or not field.is_question:
        raise NotFound
