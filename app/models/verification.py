"""The latest verdict on the evidence of a completed report."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Changing, TenantRow, tenant_key, tenant_table


class Verification(Changing, TenantRow):
    """One row per report, overwritten by each check. Not evidence itself: it can be computed again.

    `differences` compare rows with the snapshot and the audit, `damage` compares stored bytes with
    their hashes. Both are lists of app.evidence.verification's Difference.
    """

    __tablename__ = "verifications"
    __table_args__ = tenant_table(
        tenant_key("report_id", "reports"), UniqueConstraint("tenant_id", "report_id")
    )

    report_id: Mapped[UUID]
    rows_checked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    differences: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    bytes_checked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    damage: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))

    @property
    def is_unbroken(self) -> bool:
        """Whether the last checks found no difference and no damage."""
        return not (self.differences or self.damage)
