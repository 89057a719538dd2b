"""Indexes for the audit page, the month's reports and those that are due."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0007"
down_revision = "0006"

INDEXES = {
    "ix_audit_entries_tenant_id_object_id": "audit_entries (tenant_id, object_id, sequence)",
    "ix_audit_entries_tenant_id_actor_id": "audit_entries (tenant_id, actor_id, sequence)",
    "ix_audit_entries_tenant_id_action": "audit_entries (tenant_id, action, sequence)",
    "ix_audit_entries_tenant_id_at": "audit_entries (tenant_id, at)",
    "ix_reports_tenant_id_created_at": "reports (tenant_id, created_at)",
    # With the sizes, so that the sum of a company's bytes reads no rows.
    "ix_photos_tenant_id_byte_size": "photos (tenant_id) include (byte_size)",
    "ix_derivatives_tenant_id_byte_size": "derivatives (tenant_id) include (byte_size)",
    "ix_reports_tenant_id_due_on": (
        "reports (tenant_id, due_on) where due_on is not null and discarded_at is null"
    ),
    "ix_account_sessions_tenant_id_account_id": "account_sessions (tenant_id, account_id, seen_at)",
}


INVALID = text("select 1 from pg_index where indexrelid = to_regclass(:name) and not indisvalid")


def drop_half_made(name: str) -> None:
    """What a failed try left: `if not exists` would take it for good, and no query ever uses it."""
    if op.get_bind().scalar(INVALID, {"name": name}):
        op.execute(f"drop index concurrently {name}")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = '5s'")
        for name, columns in INDEXES.items():
            drop_half_made(name)
            op.execute(f"create index concurrently if not exists {name} on {columns}")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
