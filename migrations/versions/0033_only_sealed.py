"""No final PDF without a seal once a company has one that is sealed; values that were set aside are
found by their report."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0033"
down_revision = "0032"

INVALID = text("select 1 from pg_index where indexrelid = to_regclass(:name) and not indisvalid")
NAME = "ix_conflicts_tenant_id_report_id"

# Workers of a release that seals nothing may finish what they have begun until the first PDF of the
# company is sealed. After that, such a worker's file is refused, and the work is tried again.
GUARD = """
create function guard_unsealed() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if exists (select from public.seal_certificates c where c.tenant_id = new.tenant_id) then
    raise insufficient_privilege using
      message = format('the final PDF %s has no seal', new.id);
  end if;
  return new;
end
$$
"""
UNSEALED = "new.state = 'done' and not new.is_preview and new.sealed_at is null"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = '5s'")
        if op.get_bind().scalar(INVALID, {"name": NAME}):
            op.execute(f"drop index concurrently {NAME}")
        op.execute(
            f"create index concurrently if not exists {NAME} on conflicts (tenant_id, report_id)"
        )
    op.execute("set lock_timeout = '5s'")
    op.execute(GUARD)
    # A document is written once when it is done, so only an update to this state makes a file final.
    op.execute(
        "create trigger documents_unsealed_guard before update on documents for each row"
        f" when ({UNSEALED} and old.state is distinct from 'done')"
        " execute function guard_unsealed()"
    )
    op.execute(
        "create trigger documents_unsealed_insert_guard before insert on documents for each row"
        f" when ({UNSEALED}) execute function guard_unsealed()"
    )
    for trigger in ("documents_unsealed_guard", "documents_unsealed_insert_guard"):
        # ALWAYS: a session in replica mode would otherwise step around it.
        op.execute(f"alter table documents enable always trigger {trigger}")


def downgrade() -> None:
    raise NotImplementedError("evidence rules are not taken away; restore a backup instead")
