"""The answer of one field of one report."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Changing, TenantRow, tenant_key, tenant_table


class Answer(Changing, TenantRow):
    """`value` is what app.definition.answers makes; `row_version` counts saves from 1.

    `block_key` names a repetition of a group of fields, and is empty outside of repeats. There are
    no repeats yet, so a field has one answer.
    `answered_by` is null if the value was taken from the report's own data at submission.
    `carried_from` is the answer of the revision that the report corrects, if this one began as it.
    """

    __tablename__ = "answers"
    __table_args__ = tenant_table(
        tenant_key("report_id", "reports"),
        tenant_key("answered_by", "accounts"),
        tenant_key("carried_from", "answers"),
        UniqueConstraint("tenant_id", "report_id", "field_id"),
        Index(
            "ix_answers_tenant_id_carried_from",
            "tenant_id",
            "carried_from",
            postgresql_where=text("carried_from is not null"),
        ),
    )

    report_id: Mapped[UUID]
    field_id: Mapped[str] = mapped_column(String(80))
    block_key: Mapped[str] = mapped_column(String(80), server_default="")
    value: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    comment: Mapped[str] = mapped_column(server_default="")
    na_reason: Mapped[str] = mapped_column(server_default="")
    row_version: Mapped[int] = mapped_column(server_default=text("1"))
    answered_by: Mapped[UUID | None]
    answered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    client_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    carried_from: Mapped[UUID | None]
