"""A superadmin's temporary access to one company, and the tombstone of an erased company."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Audited, Identified, TenantRow, tenant_table


class SupportAccess(TenantRow, Audited):
    """Written only by the platform's role. The company can see it and its reason."""

    __tablename__ = "support_accesses"
    audit_type = "support"
    __table_args__ = tenant_table()

    superadmin_id: Mapped[UUID] = mapped_column(ForeignKey("superadmins.id"))
    superadmin_name: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(500))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Tombstone(Identified):
    """All that remains of an erased company: canonical JSON and its signature (hex)."""

    __tablename__ = "tombstones"

    slug: Mapped[str] = mapped_column(String(63))
    body: Mapped[str]
    signature: Mapped[str] = mapped_column(String(200))
