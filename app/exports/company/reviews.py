"""The rows of reviews, their comments and witnesses in a company's archive (tables.py has their
headings)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.exports.company.files import full_number, read_batches
from app.models import Account, Report, Review, ReviewComment, Witness

one, other, third = aliased(Account), aliased(Account), aliased(Account)

Row = tuple[Any, ...]


def list_review_rows() -> Iterator[Row]:
    """Every step of every round; `accepted` are the ids of fields."""
    statement = (
        select(
            Report.number,
            Report.revision,
            Review.round,
            Review.step,
            Review.state,
            one.name,
            other.name,
            Review.waiting_since,
            Review.begun_at,
            Review.closed_at,
            Review.accepted,
        )
        .join(Report, Report.id == Review.report_id)
        .outerjoin(one, one.id == Review.reviewer_id)
        .join(other, other.id == Review.submitted_by)
        .order_by(Report.number, Report.revision, Review.round, Review.step)
    )
    for number, revision, round, step, state, *rest, accepted in read_batches(statement):
        yield (full_number(number, revision), round, step, state.value, *rest, " ".join(accepted))


def list_comment_rows() -> Iterator[Row]:
    """Every comment, with its answer."""
    statement = (
        select(
            Report.number,
            Report.revision,
            Review.round,
            Review.step,
            ReviewComment.field_id,
            ReviewComment.words,
            one.name,
            ReviewComment.created_at,
            ReviewComment.reply,
            other.name,
            ReviewComment.replied_at,
            third.name,
            ReviewComment.done_at,
            Witness.name,
        )
        .outerjoin(Review, Review.id == ReviewComment.review_id)
        .join(Report, Report.id == ReviewComment.report_id)
        .outerjoin(one, one.id == ReviewComment.author_id)
        .outerjoin(Witness, Witness.id == ReviewComment.witness_id)
        .outerjoin(other, other.id == ReviewComment.replied_by)
        .outerjoin(third, third.id == ReviewComment.done_by)
        .order_by(Report.number, Report.revision, ReviewComment.created_at)
    )
    for number, revision, *rest in read_batches(statement):
        yield (full_number(number, revision), *rest)


def list_witness_rows() -> Iterator[Row]:
    """Every link that was sent; `accepted` are the ids of fields."""
    statement = (
        select(
            Report.number,
            Report.revision,
            Witness.role_id,
            Witness.name,
            Witness.email,
            Witness.code_hash,
            one.name,
            Witness.created_at,
            Witness.expires_at,
            Witness.revoked_at,
            Witness.accepted,
        )
        .join(Report, Report.id == Witness.report_id)
        .join(one, one.id == Witness.sent_by)
        .order_by(Report.number, Report.revision, Witness.created_at)
    )
    for number, revision, role, name, email, code, *rest, accepted in read_batches(statement):
        has_code = "yes" if code else "no"
        report = full_number(number, revision)
        yield (report, role, name, email, has_code, *rest, " ".join(sorted(accepted)))
