"""Validates that every storage key lies under its own company, without stopping writers."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = (
    "photos",
    "derivatives",
    "signatures",
    "documents",
    "exports",
    "brand_previews",
    "tenants",
)


def upgrade() -> None:
    # Outside the transaction: what 0008 locked is free again while the tables are read.
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = '5s'")
        for table in TABLES:
            op.execute(f"alter table {table} validate constraint ck_{table}_own_key")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
