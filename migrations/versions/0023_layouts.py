"""A checklist may choose the layout of its PDFs, and a document says which layout it has."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"

KNOWN = "('classic', 'compact', 'photographic', 'executive', 'protocol')"


def upgrade() -> None:
    # Null: the company's choice.
    op.execute("alter table checklists add column layout varchar(40)")
    # Every earlier PDF is classic, and the release before makes no other.
    op.execute("alter table documents add column layout varchar(40) not null default 'classic'")
    for table in ("checklists", "documents"):
        name = f"ck_{table}_layout_known"
        op.execute(f"alter table {table} add constraint {name} check (layout in {KNOWN}) not valid")
        op.execute(f"alter table {table} validate constraint {name}")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
