"""The answer of one field of one report, and the receipts that make saves idempotent."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Changing, TenantRow, tenant_key, tenant_table


class Answer(Changing, TenantRow):
    """`value` is what app.definition.answers makes; `row_version` counts saves from 1.

    Without `answered_by` nobody gave the answer: the report's own data did, at its submit.
    """

    __tablename__ = "answers"
    __table_args__ = tenant_table(
        tenant_key("report_id", "reports"),
        tenant_key("answered_by", "accounts"),
        UniqueConstraint("tenant_id", "report_id", "field_id"),
    )

    report_id: Mapped[UUID]
    field_id: Mapped[str] = mapped_column(String(80))
    value: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    comment: Mapped[str] = mapped_column(server_default="")
    na_reason: Mapped[str] = mapped_column(server_default="")
    row_version: Mapped[int] = mapped_column(server_default=text("1"))
    answered_by: Mapped[UUID | None]
    answered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    client_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SaveReceipt(TenantRow):
    """Insert-only: this client id was applied. A re-sent save finds it and changes nothing.

    `digest` is the SHA-256 (hex) of what was sent: the same id with other content is a conflict.
    """

    __tablename__ = "save_receipts"
    __table_args__ = tenant_table(
        tenant_key("report_id", "reports"), UniqueConstraint("tenant_id", "client_id")
    )

    report_id: Mapped[UUID]
    client_id: Mapped[UUID]
    field_id: Mapped[str] = mapped_column(String(80))
    row_version: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
