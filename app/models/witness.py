"""A person without an account who was sent a link to one report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Changing, TenantRow, tenant_key, tenant_table


class Witness(Changing, TenantRow):
    """Whom a link was sent to, and until when it opens. A trigger keeps what it is about.

    `token_hash` is the SHA-256 (hex) of the link's token, `code_hash` a keyed hash of the code
    word; neither the token nor the word is stored. `role_id` is the role to sign, None if the
    witness only reads and comments. `accepted` has the hash of the accepted content by field id
    (app/witnessing/items.py): what changed since is not accepted any more.
    """

    __tablename__ = "witnesses"
    __table_args__ = tenant_table(
        tenant_key("report_id", "reports"),
        tenant_key("sent_by", "accounts"),
        tenant_key("revoked_by", "accounts"),
        UniqueConstraint("token_hash"),
        CheckConstraint("name <> ''", name="named"),
        CheckConstraint("num_nonnulls(revoked_at, revoked_by) in (0, 2)", name="revoked"),
        CheckConstraint("jsonb_typeof(accepted) = 'object'", name="accepted_by_field"),
        Index("ix_witnesses_tenant_id_report_id", "tenant_id", "report_id", "created_at"),
    )

    report_id: Mapped[UUID]
    role_id: Mapped[str | None] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(120))
    # None if the link is handed over on paper or on a screen.
    email: Mapped[str | None] = mapped_column(String(254))
    token_hash: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str | None] = mapped_column(String(64))
    sent_by: Mapped[UUID]
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_by: Mapped[UUID | None]
    accepted: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= datetime.now(UTC)

    @property
    def is_open(self) -> bool:
        """Whether the link still opens the report."""
        return self.revoked_at is None and not self.is_expired
