"""A photo may stand in several places; a reason for a position that is missing stands beside it."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0013"
down_revision = "0012"


INVALID = text("select 1 from pg_index where indexrelid = to_regclass(:name) and not indisvalid")


def drop_half_made(name: str) -> None:
    """What a failed try left: `if not exists` would take it for good, and no query ever uses it."""
    if op.get_bind().scalar(INVALID, {"name": name}):
        op.execute(f"drop index concurrently {name}")


def upgrade() -> None:
    # First, so that no statement of the other release looks for a photo's place without an index.
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = '5s'")
        drop_half_made("ix_photo_placements_tenant_id_photo_id")
        op.execute(
            "create index concurrently if not exists ix_photo_placements_tenant_id_photo_id"
            " on photo_placements (tenant_id, photo_id)"
        )
    # The guards of 0008 hold it as they hold every column of a placement: it changes while the
    # report is open, and never after.
    op.execute(
        "alter table photo_placements"
        " add column if not exists position_reason varchar(1000) not null default ''"
    )
    # The release before this one never places a photo twice. While both serve, its pages of a photo
    # that was placed twice answer with an error until they are replaced; they change nothing.
    op.execute(
        "alter table photo_placements"
        " drop constraint if exists uq_photo_placements_tenant_id_photo_id"
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
