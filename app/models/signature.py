"""Signatures, insert-only: what was drawn, by whom, and for exactly which content."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import TenantRow, own_key, tenant_key, tenant_table


class Signature(TenantRow):
    """The newest row of a role counts; a row with `withdrawn` set withdraws the signature.

    `content_hash` is the SHA-256 (hex) of the report's content at signing. If the content has
    another hash now, the signature is void. `strokes` is signature_pad's point list, None for an
    uploaded image. Either `taken_by` collected it, or the witness signed it alone.
    """

    __tablename__ = "signatures"
    __table_args__ = tenant_table(
        tenant_key("report_id", "reports"),
        tenant_key("taken_by", "accounts"),
        tenant_key("witness_id", "witnesses"),
        UniqueConstraint("tenant_id", "client_id"),
        CheckConstraint("num_nonnulls(taken_by, witness_id) = 1", name="one_signer"),
        Index("ix_signatures_tenant_id_report_id", "tenant_id", "report_id"),
        Index(
            "ix_signatures_tenant_id_witness_id",
            "tenant_id",
            "witness_id",
            postgresql_where=text("witness_id is not null"),
        ),
        own_key("image_key", kind="sign", sha256="image_sha256", suffix=".png"),
    )

    report_id: Mapped[UUID]
    role_id: Mapped[str] = mapped_column(String(80))
    signer_name: Mapped[str] = mapped_column(String(120))
    strokes: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    image_key: Mapped[str | None] = mapped_column(String(200))
    image_sha256: Mapped[str | None] = mapped_column(String(64))
    content_hash: Mapped[str] = mapped_column(String(64))
    withdrawn: Mapped[bool] = mapped_column(server_default="false")
    taken_by: Mapped[UUID | None]
    witness_id: Mapped[UUID | None]
    client_id: Mapped[UUID]
    client_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
