"""Indexes that have the reports of a list in each of its orders, and the open and the completed
ones of the start page."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0022"
down_revision = "0021"

INDEXES = {
    # With the title, so that the pages before the shown one read no rows of the table.
    "ix_reports_tenant_id_by_title": (
        "reports (tenant_id, lower(title), id) include (title) where discarded_at is null"
    ),
    "ix_reports_tenant_id_by_number": (
        "reports (tenant_id, number, revision, id) where discarded_at is null"
    ),
    "ix_reports_tenant_id_by_project": (
        "reports (tenant_id, project_id, updated_at, id) where discarded_at is null"
    ),
    "ix_reports_tenant_id_by_status": (
        "reports (tenant_id, status, updated_at, id) where discarded_at is null"
    ),
    "ix_reports_tenant_id_open": (
        "reports (tenant_id, due_on, updated_at, id) include (project_id)"
        " where discarded_at is null and status in ('draft', 'in_progress', 'returned')"
    ),
    "ix_reports_tenant_id_completed_at": (
        "reports (tenant_id, completed_at desc, id)"
        " where completed_at is not null and discarded_at is null"
    ),
}
# What the new ones replace. The code before this release needs no index by name, and finds in the
# new ones what these had.
REPLACED = (
    "ix_reports_tenant_id_titled",
    "ix_reports_tenant_id_project_id",
    "ix_reports_tenant_id_due_on",
)
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
        for name in REPLACED:
            op.execute(f"drop index concurrently if exists {name}")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
