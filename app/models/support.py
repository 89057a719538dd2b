"""A superadmin's time-boxed look into one company, and what stays of an erased one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Identified, TenantRow, tenant_table


class SupportAccess(TenantRow):
    """Written by the platform's role alone; the company sees it, and why it was opened."""

    __tablename__ = "support_accesses"
    __table_args__ = tenant_table()

    superadmin_id: Mapped[UUID] = mapped_column(ForeignKey("superadmins.id"))
    superadmin_name: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(500))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Tombstone(Identified):
    """What an erased company leaves: `body` is canonical JSON, `signature` (hex) is over it."""

    __tablename__ = "tombstones"

    slug: Mapped[str] = mapped_column(String(63))
    body: Mapped[str]
    signature: Mapped[str] = mapped_column(String(200))
