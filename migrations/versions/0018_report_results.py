"""An index for lists of reports by their result."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0018"
down_revision = "0017"

NAME = "ix_reports_tenant_id_outcome"
INVALID = text("select 1 from pg_index where indexrelid = to_regclass(:name) and not indisvalid")


def drop_half_made(name: str) -> None:
    """What a failed try left: `if not exists` would take it for good, and no query ever uses it."""
    if op.get_bind().scalar(INVALID, {"name": name}):
        op.execute(f"drop index concurrently {name}")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = '5s'")
        drop_half_made(NAME)
        op.execute(
            f"create index concurrently if not exists {NAME}"
            " on reports (tenant_id, outcome, completed_at desc)"
            " where outcome is not null and discarded_at is null"
        )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
