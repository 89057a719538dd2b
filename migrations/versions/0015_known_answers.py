"""An answer that the report's own data gave, at the submit, has nobody who answered it."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("alter table answers alter column answered_by drop not null")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
