"""The kinds of work as a table that the relay's functions read."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"

# The role that serves reads nothing here: only the functions below do, as their owner.
TABLE = """
create table work_kinds (
  name varchar(40) not null,
  table_name varchar(63) not null,
  constraint pk_work_kinds primary key (name),
  constraint uq_work_kinds_table_name unique (table_name)
)
"""
KINDS = """
insert into work_kinds (name, table_name) values
  ('document', 'documents'),
  ('photo_check', 'photo_checks'),
  ('mail', 'mails'),
  ('brand_preview', 'brand_previews'),
  ('export', 'exports'),
  ('answer_export', 'answer_exports')
"""

# Parameters, answers and grants are those of before: the release before calls these as well. A
# table's name comes from work_kinds alone, never from a caller.
FUNCTIONS = """
create or replace function find_work_tenant(p_kind text, p_id uuid)
returns table (tenant_id uuid)
language plpgsql stable security definer set search_path = pg_catalog, public as $$
declare
  work text := (select k.table_name from public.work_kinds k where k.name = p_kind);
begin
  if work is null then
    return;
  end if;
  return query execute format('select w.tenant_id from public.%I w where w.id = $1', work)
    using p_id;
end
$$;

-- Rows of one kind that wait, or whose lease ran out, marked as fed so that relays do not repeat
-- each other. Tenants in turn, oldest first within one, so that nobody's flood starves the rest.
-- The newest two seconds belong to the wake-up that follows the commit.
-- FOR UPDATE would also block every writer of a row that names one of these, as the mail of a PDF
-- does. Rows that somebody holds are given up in a later round.
-- The application chooses the numbers within bounds: no work is given up before its third try (the
-- least that JOB_ATTEMPTS can be), nothing is fed more than once a second, and never more at once
-- than five full queues (app/jobs/queue.py) take.
create or replace function feed_due_work(
  p_kind text, p_limit integer, p_attempts integer, p_pause interval)
returns table (id uuid, tenant_id uuid)
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
#variable_conflict use_column
declare
  work text := (select k.table_name from public.work_kinds k where k.name = p_kind);
  at_most integer := least(greatest(coalesce(p_limit, 0), 0), 100);
  tries integer := greatest(coalesce(p_attempts, 1000), 3);
  pause interval := least(greatest(coalesce(p_pause, interval '1 hour'), interval '1 second'),
                          interval '1 hour');
begin
  if work is null then
    return;
  end if;
  execute format($body$
    with locked as (
      select w.id from public.%1$I w
      where w.state in ('queued', 'running') and w.attempts >= $1
        and (w.lease_until is null or w.lease_until < clock_timestamp())
      for no key update of w skip locked
    )
    update public.%1$I w set state = 'failed', finished_at = clock_timestamp(),
        lease_until = null, error = coalesce(w.error, 'gave_up')
      from locked where w.id = locked.id
  $body$, work) using tries;
  return query execute format($body$
    with due as (
      select w.id, row_number() over (partition by w.tenant_id order by w.queued_at) as turn
      from public.%1$I w
      where w.state in ('queued', 'running')
        and (w.lease_until < clock_timestamp() or (w.lease_until is null and w.state = 'queued'))
        and w.queued_at < clock_timestamp() - interval '2 seconds'
        and (w.fed_at is null or w.fed_at < clock_timestamp() - $2)
    ), locked as (
      select w.id from public.%1$I w join due on due.id = w.id
      order by due.turn, w.queued_at limit $1 for no key update of w skip locked
    )
    update public.%1$I w set fed_at = clock_timestamp() from locked
    where w.id = locked.id returning w.id, w.tenant_id
  $body$, work) using at_most, pause;
end
$$;

create or replace function count_work()
returns table (kind text, state text, total bigint, oldest_seconds double precision)
language plpgsql stable security definer set search_path = pg_catalog, public as $$
declare
  known record;
begin
  for known in select k.name, k.table_name from public.work_kinds k order by k.name loop
    return query execute format($body$
      select $1::text, w.state::text, count(*),
             extract(epoch from clock_timestamp()
               - min(w.queued_at) filter (where w.state = 'queued'))::double precision
      from public.%I w group by w.state
    $body$, known.table_name) using known.name;
  end loop;
end
$$;
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(KINDS)
    op.execute(FUNCTIONS)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
