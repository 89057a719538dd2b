"""Rounds of looking at a submitted report, and the comments that they pin to its questions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Changing, StateText, TenantRow, one_of, tenant_key, tenant_table

# A step that any manager or admin may take; any other step is the id of an account.
ANY_MANAGER = "manager"
MAX_COMMENT = 2000


class ReviewState(StrEnum):
    WAITING = "waiting"
    BEGUN = "begun"
    RETURNED = "returned"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class Review(Changing, TenantRow):
    """One step of a round. A round begins with a submit and ends with the last step's approval, a
    return or a withdrawal.

    `steps` is the rule as it was at the submit: for each step ANY_MANAGER or the id of an account;
    `named_id` is the person of this step. `accepted` are the ids of the accepted fields.
    """

    __tablename__ = "reviews"
    __table_args__ = tenant_table(
        tenant_key("report_id", "reports"),
        tenant_key("named_id", "accounts"),
        tenant_key("reviewer_id", "accounts"),
        tenant_key("submitted_by", "accounts"),
        UniqueConstraint("tenant_id", "report_id", "round", "step"),
        one_of("state", ReviewState),
        CheckConstraint("round >= 1 and step >= 1", name="counted"),
        CheckConstraint(
            "num_nonnulls(reviewer_id, begun_at) in (0, 2)"
            " and (begun_at is null) = (state in ('waiting', 'withdrawn'))",
            name="begun",
        ),
        CheckConstraint("(closed_at is null) = (state in ('waiting', 'begun'))", name="closed"),
        Index(
            "uq_reviews_one_open",
            "tenant_id",
            "report_id",
            unique=True,
            postgresql_where=text("closed_at is null"),
        ),
        Index(
            "ix_reviews_waiting",
            "tenant_id",
            "waiting_since",
            postgresql_where=text("closed_at is null"),
        ),
    )

    report_id: Mapped[UUID]
    round: Mapped[int]
    step: Mapped[int]
    steps: Mapped[list[Any]]
    named_id: Mapped[UUID | None]
    state: Mapped[ReviewState] = mapped_column(
        StateText(ReviewState), server_default=ReviewState.WAITING.value
    )
    reviewer_id: Mapped[UUID | None]
    submitted_by: Mapped[UUID]
    waiting_since: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    begun_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    accepted: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))

    @property
    def is_last_step(self) -> bool:
        return self.step >= len(self.steps)


class ReviewComment(Changing, TenantRow):
    """What a reviewer or a witness said about a field, open until somebody marks it done.

    `reply` is the technician's answer. A comment of a witness belongs to no review.
    """

    __tablename__ = "review_comments"
    __table_args__ = tenant_table(
        tenant_key("report_id", "reports"),
        tenant_key("review_id", "reviews"),
        tenant_key("author_id", "accounts"),
        tenant_key("witness_id", "witnesses"),
        tenant_key("replied_by", "accounts"),
        tenant_key("done_by", "accounts"),
        CheckConstraint("words <> ''", name="said"),
        CheckConstraint("num_nonnulls(author_id, witness_id) = 1", name="one_author"),
        CheckConstraint("num_nonnulls(review_id, witness_id) = 1", name="of_review"),
        CheckConstraint(
            "num_nonnulls(replied_by, replied_at) = case when reply = '' then 0 else 2 end",
            name="replied",
        ),
        CheckConstraint("num_nonnulls(done_by, done_at) in (0, 2)", name="done"),
        Index("ix_review_comments_tenant_id_report_id", "tenant_id", "report_id", "created_at"),
        Index(
            "ix_review_comments_tenant_id_witness_id",
            "tenant_id",
            "witness_id",
            postgresql_where=text("witness_id is not null"),
        ),
    )

    report_id: Mapped[UUID]
    review_id: Mapped[UUID | None]
    field_id: Mapped[str] = mapped_column(String(80))
    block_key: Mapped[str] = mapped_column(String(80), server_default="")
    words: Mapped[str] = mapped_column(String(MAX_COMMENT))
    author_id: Mapped[UUID | None]
    witness_id: Mapped[UUID | None]
    reply: Mapped[str] = mapped_column(String(MAX_COMMENT), server_default="")
    replied_by: Mapped[UUID | None]
    replied_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    done_by: Mapped[UUID | None]
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def is_open(self) -> bool:
        return self.done_at is None
