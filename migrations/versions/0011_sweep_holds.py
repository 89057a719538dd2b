"""Holds on the sweep of the storage: a restore sets one, an operator releases it."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(
        "create table sweep_holds ("
        " id uuid not null default gen_random_uuid(),"
        " created_at timestamptz not null default clock_timestamp(),"
        " objects bigint not null,"
        " byte_size bigint not null,"
        " released_at timestamptz,"
        " released_by varchar(200),"
        " constraint pk_sweep_holds primary key (id))"
    )
    # The owner alone sets and releases one: whoever sweeps must not let itself.
    op.execute("grant select on sweep_holds to laudo_platform")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
