"""The list of evidence: each table, when its rows are frozen, and which columns may change even
then.
A column that is not named here is frozen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Evidence:
    """`frozen` selects the rows that nobody may change; `free` has the exempt columns and
    reasons."""

    table: str
    frozen: str
    free: frozenset[str] = frozenset()


OF_CLOSED = "report_id in (select id from reports where status in ('completed', 'archived'))"
# Nobody can write generated columns.
GENERATED = frozenset({"search_words", "facts"})

ALWAYS = "true"
TABLES = (
    Evidence("audit_entries", ALWAYS),
    Evidence("platform_audit_entries", ALWAYS),
    Evidence("photos", ALWAYS),
    Evidence("photo_readings", ALWAYS),
    Evidence("derivatives", ALWAYS),
    Evidence("photo_features", ALWAYS),
    Evidence("photo_likenesses", ALWAYS),
    Evidence("signatures", ALWAYS),
    Evidence("snapshots", ALWAYS),
    Evidence("receipts", ALWAYS),
    Evidence("answers", OF_CLOSED),
    Evidence("photo_placements", OF_CLOSED),
    Evidence("conflicts", OF_CLOSED),
    Evidence("reviews", OF_CLOSED),
    Evidence("review_comments", OF_CLOSED),
    # A link can be revoked at any time: the snapshot has what it was when the report was completed.
    Evidence("witnesses", OF_CLOSED, frozenset({"updated_at", "revoked_at", "revoked_by"})),
    Evidence("reports", "status in ('completed', 'archived')"),
    Evidence("versions", "published_at is not null"),
    Evidence("documents", "state = 'done'"),
    Evidence("seal_certificates", ALWAYS),
    Evidence("seal_keys", "retired_at is not null"),
    Evidence("document_stamps", "state = 'done'"),
    Evidence("anchors", "delivered_at is not null"),
)

# The identity of a row, frozen even while its report is open or its work not done.
IDENTITY = {
    "answers": (
        "id",
        "tenant_id",
        "created_at",
        "report_id",
        "field_id",
        "block_key",
        "carried_from",
    ),
    "conflicts": ("id", "tenant_id", "created_at", "report_id", "field_id", "block_key"),
    "photo_placements": (
        "id",
        "tenant_id",
        "created_at",
        "report_id",
        "photo_id",
        "carried_from",
    ),
    "reviews": (
        "id",
        "tenant_id",
        "created_at",
        "report_id",
        "round",
        "step",
        "steps",
        "named_id",
        "submitted_by",
        "waiting_since",
    ),
    "review_comments": (
        "id",
        "tenant_id",
        "created_at",
        "report_id",
        "review_id",
        "field_id",
        "block_key",
        "words",
        "author_id",
        "witness_id",
    ),
    "witnesses": (
        "id",
        "tenant_id",
        "created_at",
        "report_id",
        "role_id",
        "name",
        "email",
        "token_hash",
        "code_hash",
        "sent_by",
        "expires_at",
    ),
    "reports": (
        "id",
        "tenant_id",
        "created_at",
        "number",
        "revision",
        "revision_of",
        "check_token",
        "revision_reason",
        "version_id",
        "started_by",
    ),
    "versions": ("id", "tenant_id", "created_at", "checklist_id"),
    "documents": ("id", "tenant_id", "created_at", "report_id", "requested_by"),
    "document_stamps": ("id", "tenant_id", "created_at", "document_id"),
    "seal_keys": ("id", "tenant_id", "created_at", "fingerprint", "wrapped"),
    "anchors": (
        "id",
        "tenant_id",
        "created_at",
        "kind",
        "sequence",
        "hash",
        "at",
        "reason",
        "public_key",
        "signature",
    ),
    "audit_heads": ("id", "tenant_id", "created_at", "sequence", "hash"),
}
