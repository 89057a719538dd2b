"""Reads the audit chain: its head, and the entries of an object."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.extensions import db
from app.models import AuditEntry, AuditHead


@dataclass(frozen=True, slots=True)
class ChainHead:
    sequence: int
    hash: str


def get_chain_head() -> ChainHead:
    """The newest entry of the bound tenant's chain; sequence 0 and an empty hash if empty."""
    row = db.session.execute(
        select(AuditEntry.sequence, AuditEntry.hash).order_by(AuditEntry.sequence.desc()).limit(1)
    ).one_or_none()
    return ChainHead(row.sequence, row.hash) if row else ChainHead(0, "")


def get_chain_ends() -> tuple[ChainHead, ChainHead]:
    """The newest existing entry, and the head that the chain's trigger stored.

    Read in one statement: an entry committed between two statements would look like a difference.
    """
    newest = (
        select(AuditEntry.tenant_id, AuditEntry.sequence, AuditEntry.hash)
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
        .subquery()
    )
    kept = select(AuditHead.tenant_id, AuditHead.sequence, AuditHead.hash).subquery()
    row = db.session.execute(
        select(newest.c.sequence, newest.c.hash, kept.c.sequence, kept.c.hash).select_from(
            newest.outerjoin(kept, kept.c.tenant_id == newest.c.tenant_id, full=True)
        )
    ).one_or_none()
    if row is None:
        return ChainHead(0, ""), ChainHead(0, "")
    return ChainHead(row[0] or 0, row[1] or ""), ChainHead(row[2] or 0, row[3] or "")


def list_entries(object_type: str, object_id: UUID) -> list[AuditEntry]:
    """All entries of one object, oldest first."""
    return list(
        db.session.scalars(
            select(AuditEntry)
            .where(AuditEntry.object_type == object_type, AuditEntry.object_id == object_id)
            .order_by(AuditEntry.sequence)
        )
    )


def ask(statement: str, parameters: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Run one of recorded.py's statements in the bound tenant's transaction."""
    rows = db.session.connection().exec_driver_sql(statement, tuple(parameters))
    return [dict(row) for row in rows.mappings()]


def link_hash(previous_hash: str, tenant_id: str, sequence: int, at: datetime, body: str) -> str:
    """The hash that the trigger `audit_entries_chain` computes; `at` is aware, in microseconds."""
    written = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    lines = (previous_hash, tenant_id, str(sequence), written, body)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
