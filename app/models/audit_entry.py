"""The audit chain: append-only entries, hash-chained by a trigger, one chain per tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Computed, DateTime, Index, String, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.account import Role
from app.models.base import Identified, TenantRow, tenant_table


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts and from where. Routes and commands create it; services write it into the audit.

    `account_id` is None for the system and for operators on the command line. `importer` brought
    the person's work in from a file: every entry names both.
    """

    name: str
    role: Role | None = None
    account_id: UUID | None = None
    ip: str = ""
    request_id: str = ""
    importer: Actor | None = None


class AuditEntry(TenantRow):
    """`body` is the canonical JSON text that the hash covers; `facts` is derived from it.

    sequence, at, previous_hash and hash are set by the trigger `audit_entries_chain`:
    hash = SHA-256(previous_hash, tenant, sequence, at, body), lines joined by newlines.
    """

    __tablename__ = "audit_entries"
    __table_args__ = tenant_table(
        UniqueConstraint("tenant_id", "sequence"),
        Index("ix_audit_entries_tenant_id_object_id", "tenant_id", "object_id", "sequence"),
        Index("ix_audit_entries_tenant_id_actor_id", "tenant_id", "actor_id", "sequence"),
        Index("ix_audit_entries_tenant_id_action", "tenant_id", "action", "sequence"),
        Index("ix_audit_entries_tenant_id_at", "tenant_id", "at"),
    )

    sequence: Mapped[int] = mapped_column(BigInteger, server_default="0")
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    action: Mapped[str] = mapped_column(String(60))
    object_type: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    body: Mapped[str]
    facts: Mapped[Any] = mapped_column(JSONB, Computed("body::jsonb", persisted=True))
    previous_hash: Mapped[str] = mapped_column(String(64), server_default="")
    hash: Mapped[str] = mapped_column(String(64), server_default="")


class AuditHead(TenantRow):
    """The head of a tenant's chain, written only by the trigger `audit_entries_chain`.

    The next entry follows this head, so cutting off the tail leaves a permanent gap.
    """

    __tablename__ = "audit_heads"
    __table_args__ = tenant_table(UniqueConstraint("tenant_id"))

    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class PlatformAuditEntry(Identified):
    """Acts of superadmins and operators on tenants. Insert-only, platform role only."""

    __tablename__ = "platform_audit_entries"

    action: Mapped[str] = mapped_column(String(60))
    tenant_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(String(120))
    body: Mapped[str]
