"""Each row of work names the request that asked for it."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"

TABLES = ("documents", "photo_checks", "mails", "brand_previews", "exports", "answer_exports")


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    for table in TABLES:
        op.execute(f"alter table {table} add column request_id varchar(64)")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
