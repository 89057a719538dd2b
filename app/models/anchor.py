"""Anchors: signed heads of a company's audit chain, which are also kept outside the database."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import StateText, TenantRow, one_of, tenant_table


class AnchorKind(StrEnum):
    """`restored`: an operator's statement that later anchors were lost with a restored backup."""

    HEAD = "head"
    RESTORED = "restored"


class Anchor(TenantRow):
    """The entry `sequence` of the chain had `hash` at `at`. Insert-only but for its delivery: the
    places outside that have it, and when all of them did.

    `public_key` and `signature` are base64 of Ed25519 (app/anchors/lines.py).
    """

    __tablename__ = "anchors"
    __table_args__ = tenant_table(
        one_of("kind", AnchorKind),
        CheckConstraint("sequence > 0 and length(hash) = 64", name="of_an_entry"),
        Index("ix_anchors_tenant_id_at", "tenant_id", "at"),
        Index(
            "ix_anchors_waiting",
            "tenant_id",
            "at",
            postgresql_where=text("delivered_at is null"),
        ),
        Index("ix_anchors_at", "at"),
    )

    kind: Mapped[AnchorKind] = mapped_column(StateText(AnchorKind))
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str | None] = mapped_column(String(500))
    public_key: Mapped[str] = mapped_column(String(44))
    signature: Mapped[str] = mapped_column(String(88))
    delivered_to: Mapped[list[str]] = mapped_column(ARRAY(String(20)), server_default="{}")
    delivered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
