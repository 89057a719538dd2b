"""Workers take the work of companies in turn: the choice, and an index for who was served last."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0024"
down_revision = "0023"

TABLES = ("documents", "photo_checks", "mails", "brand_previews", "exports", "answer_exports")

# Which rows of a kind a free worker tries, best first. A wake-up names one row, but the worker
# belongs to the company whose turn it is: first the one with the fewest rows in work, then the one
# whose last row was finished longest ago. Within a company the row of the wake-up comes first, then
# the oldest. Several rows, because another worker may claim the first one meanwhile.
FUNCTION = """
create or replace function pick_due_work(p_kind text, p_id uuid, p_attempts integer)
returns table (id uuid, tenant_id uuid)
language plpgsql stable security definer set search_path = pg_catalog, public as $$
declare
  work text := (select k.table_name from public.work_kinds k where k.name = p_kind);
begin
  if work is null then
    return;
  end if;
  return query execute format($body$
    with opened as (
      select w.id, w.tenant_id, w.queued_at,
             w.state = 'running' and w.lease_until >= statement_timestamp() as is_held,
             w.attempts < $2 and (w.lease_until < statement_timestamp()
               or (w.lease_until is null and w.state = 'queued')) as is_due
      from public.%1$I w where w.state in ('queued', 'running')
    ), companies as (
      select o.tenant_id, count(*) filter (where o.is_held) as held,
             (select max(f.finished_at) from public.%1$I f
               where f.tenant_id = o.tenant_id and f.finished_at is not null) as served_at
      from opened o group by o.tenant_id having bool_or(o.is_due)
    ), due as (
      select o.id, o.tenant_id, o.queued_at,
             row_number() over (partition by o.tenant_id
               order by (o.id = $1) is true desc, o.queued_at, o.id) as place
      from opened o where o.is_due
    )
    select d.id, d.tenant_id from due d join companies c on c.tenant_id = d.tenant_id
    order by d.place + c.held, c.served_at nulls first, d.queued_at, d.id limit 10
  $body$, work) using p_id, p_attempts;
end
$$;
revoke all on function pick_due_work(text, uuid, integer) from public;
grant execute on function pick_due_work(text, uuid, integer) to laudo_app;
"""

INVALID = text("select 1 from pg_index where indexrelid = to_regclass(:name) and not indisvalid")


def drop_half_made(name: str) -> None:
    """What a failed try left: `if not exists` would take it for good, and no query ever uses it."""
    if op.get_bind().scalar(INVALID, {"name": name}):
        op.execute(f"drop index concurrently {name}")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = '5s'")
        for table in TABLES:
            name = f"ix_{table}_served"
            drop_half_made(name)
            op.execute(
                f"create index concurrently if not exists {name}"
                f" on {table} (tenant_id, finished_at) where finished_at is not null"
            )
    op.execute(FUNCTION)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
