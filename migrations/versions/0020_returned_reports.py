"""A submitted report may be returned: a status more, in which its content may change again."""

from __future__ import annotations

import re

from alembic import op

revision = "0020"
down_revision = "0019"

NAME = "ck_reports_status_known"
OPEN = "report_status is distinct from 'draft' and report_status is distinct from 'in_progress'"


def upgrade() -> None:
    _admit("returned")
    _open_content("returned")


def _admit(status: str) -> None:
    """Let reports have one more status, whichever they may have already."""
    held = op.get_bind().exec_driver_sql(
        "select pg_get_constraintdef(oid) from pg_constraint"
        f" where conname = '{NAME}' and conrelid = 'reports'::regclass"
    )
    values = {*re.findall(r"'(\w+)'::", held.scalar_one()), status}
    listed = ", ".join(f"'{one}'" for one in sorted(values))
    op.execute(f"alter table reports drop constraint {NAME}")
    op.execute(f"alter table reports add constraint {NAME} check (status in ({listed})) not valid")
    op.execute(f"alter table reports validate constraint {NAME}")


def _open_content(status: str) -> None:
    """Let answers, photos and signatures change in this status too. `guard_report` stays as it is:
    it speaks of completed and archived reports alone."""
    found = op.get_bind().exec_driver_sql(
        "select pg_get_functiondef('guard_report_content()'::regprocedure)"
    )
    source = found.scalar_one()
    assert OPEN in source, f"guard_report_content has no {OPEN!r}"
    op.execute(source.replace(OPEN, f"{OPEN} and report_status is distinct from '{status}'"))


def downgrade() -> None:
    raise NotImplementedError("evidence rules are not taken away; restore a backup instead")
