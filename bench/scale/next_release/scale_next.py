"""The migration of the release that `make scale` rolls out: a column, a check and an index."""

from __future__ import annotations

from pathlib import Path

from alembic import op

VERSIONS = Path(__file__).resolve().parents[3] / "migrations" / "versions"

revision = "scale_next"
down_revision = max(path.name[:4] for path in VERSIONS.glob("[0-9]*.py"))


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = '5s'")
        op.execute(
            "create index concurrently if not exists ix_answers_scale"
            " on answers (tenant_id, answered_at)"
        )
    op.execute("alter table reports add column scale_note text")
    op.execute(
        "alter table answers add constraint ck_answers_scale check (field_id <> '') not valid"
    )
    op.execute("alter table answers validate constraint ck_answers_scale")


def downgrade() -> None:
    raise NotImplementedError("the database of the measurement is thrown away")
