"""The written list of what stands as evidence: each table, when its rows are frozen, and which of
its columns may change even then. A column that is not named here is frozen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Evidence:
    """`frozen` picks the rows that nobody may change; `free` are the columns left out, and why."""

    table: str
    frozen: str
    free: frozenset[str] = frozenset()


OF_CLOSED = "report_id in (select id from reports where status in ('completed', 'archived'))"
# Generated columns cannot be written by anybody.
GENERATED = frozenset({"search_words", "facts"})

ALWAYS = "true"
TABLES = (
    Evidence("audit_entries", ALWAYS),
    Evidence("platform_audit_entries", ALWAYS),
    Evidence("photos", ALWAYS),
    Evidence("photo_readings", ALWAYS),
    Evidence("derivatives", ALWAYS),
    Evidence("signatures", ALWAYS),
    Evidence("snapshots", ALWAYS),
    Evidence("save_receipts", ALWAYS),
    Evidence("answers", OF_CLOSED),
    Evidence("photo_placements", OF_CLOSED),
    Evidence("reports", "status in ('completed', 'archived')"),
    Evidence("versions", "published_at is not null"),
    Evidence("documents", "state = 'done'"),
)

# What a row is, from its first moment, while its report is open or its work undone.
IDENTITY = {
    "answers": ("id", "tenant_id", "created_at", "report_id", "field_id"),
    "photo_placements": ("id", "tenant_id", "created_at", "report_id", "photo_id"),
    "reports": (
        "id", "tenant_id", "created_at", "number", "revision", "revision_of", "version_id",
        "started_by",
    ),
    "versions": ("id", "tenant_id", "created_at", "checklist_id"),
    "documents": ("id", "tenant_id", "created_at", "report_id", "requested_by"),
    "audit_heads": ("id", "tenant_id", "created_at", "sequence", "hash"),
}  # fmt: skip
