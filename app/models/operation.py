"""What the server answered to the changes that phones sent, and what two people changed at once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Changing,
    StateText,
    TenantRow,
    one_of,
    tenant_key,
    tenant_table,
)


class OperationVerdict(StrEnum):
    """What the server says about an operation. Only the first three have a receipt."""

    APPLIED = "applied"
    CONFLICT = "conflict"
    REFUSED = "refused"
    KNOWN = "known"
    EARLY = "early"


class Choice(StrEnum):
    """Which value a person chose: the phone's, the server's, or one typed afterwards."""

    MINE = "mine"
    THEIRS = "theirs"
    OTHER = "other"


class Receipt(TenantRow):
    """Insert-only: the verdict on one operation. The same client id never has an effect again.

    `digest` is the SHA-256 (hex) of what was sent: the same id with other content is refused.
    `base_version` is the row version that the operation was based on, `row_version` the one that
    it led to or found. `sentence` is what was said about a conflict or a refusal: {"status",
    "words", "plural", "params"}. `account_id` is null in receipts of earlier releases.
    """

    __tablename__ = "receipts"
    __table_args__ = tenant_table(
        tenant_key("report_id", "reports"),
        tenant_key("placement_id", "photo_placements"),
        tenant_key("conflict_id", "conflicts"),
        tenant_key("account_id", "accounts"),
        UniqueConstraint("tenant_id", "client_id"),
        CheckConstraint("verdict in ('applied', 'conflict', 'refused')", name="verdict_known"),
    )

    report_id: Mapped[UUID]
    client_id: Mapped[UUID]
    field_id: Mapped[str] = mapped_column(String(80))
    block_key: Mapped[str] = mapped_column(String(80), server_default="")
    kind: Mapped[str] = mapped_column(String(20), server_default="answer")
    verdict: Mapped[OperationVerdict] = mapped_column(
        StateText(OperationVerdict), server_default="applied"
    )
    base_version: Mapped[int | None]
    row_version: Mapped[int | None]
    placement_id: Mapped[UUID | None]
    conflict_id: Mapped[UUID | None]
    digest: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[UUID | None]
    client_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sentence: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class EditConflict(Changing, TenantRow):
    """A value from a phone that was based on an older row version than the stored one.

    The answer (or with `placement_id` the caption, a JSON string) stays as it was, and this value
    waits until a person chooses. `client_id` is that of the newest operation whose value it is.
    """

    __tablename__ = "conflicts"
    __table_args__ = tenant_table(
        tenant_key("report_id", "reports"),
        tenant_key("placement_id", "photo_placements"),
        tenant_key("typed_by", "accounts"),
        tenant_key("settled_by", "accounts"),
        Index(
            "ix_conflicts_open",
            "tenant_id",
            "report_id",
            postgresql_where=text("settled_at is null"),
        ),
        Index("ix_conflicts_tenant_id_report_id", "tenant_id", "report_id"),
        one_of("kept", Choice),
        CheckConstraint("num_nonnulls(settled_at, settled_by, kept) in (0, 3)", name="settled"),
    )

    report_id: Mapped[UUID]
    field_id: Mapped[str] = mapped_column(String(80))
    block_key: Mapped[str] = mapped_column(String(80), server_default="")
    placement_id: Mapped[UUID | None]
    value: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    comment: Mapped[str] = mapped_column(server_default="")
    na_reason: Mapped[str] = mapped_column(server_default="")
    base_version: Mapped[int]
    typed_by: Mapped[UUID]
    client_id: Mapped[UUID]
    client_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    settled_by: Mapped[UUID | None]
    kept: Mapped[Choice | None] = mapped_column(StateText(Choice))
