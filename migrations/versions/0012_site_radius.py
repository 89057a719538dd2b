"""The radius of a project's site, beyond which a photo is far from it."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("alter table projects add column radius_m integer not null default 1000")
    op.execute(
        "alter table projects add constraint ck_projects_radius_m"
        " check (radius_m between 10 and 100000) not valid"
    )
    # A table of few rows, all of which have the default: reading them takes no time.
    op.execute("alter table projects validate constraint ck_projects_radius_m")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
