"""A version says what it is for: a note, written when it is published and final with it."""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    # No longer than MAX_NOTE of app/models/checklist.py.
    op.execute("alter table versions add column note varchar(1000) not null default ''")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
