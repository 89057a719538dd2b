"""Counts of work over all tenants for operators: numbers out, never a row or an id."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

# Both run as the owner: 0002 gave it its look-up policies on these two tables.
FUNCTIONS = """
create function count_work()
returns table (kind text, state text, total bigint, oldest_seconds double precision)
language sql stable security definer set search_path = pg_catalog, public as $$
  select 'document', d.state, count(*),
         extract(epoch from clock_timestamp() - min(d.queued_at) filter (where d.state = 'queued'))
    from public.documents d group by d.state
  union all
  select 'photo_check', c.state, count(*),
         extract(epoch from clock_timestamp() - min(c.queued_at) filter (where c.state = 'queued'))
    from public.photo_checks c group by c.state
$$;

-- How many finished documents took at most each of the bounds, how many there are, their sum.
create function count_render_seconds(p_bounds double precision[])
returns table (counts bigint[], total bigint, seconds double precision)
language sql stable security definer set search_path = pg_catalog, public as $$
  with made as (
    select d.render_seconds from public.documents d
    where d.state = 'done' and d.render_seconds is not null
  )
  select array(select (select count(*) from made where made.render_seconds <= bound)
               from unnest(p_bounds) with ordinality as b (bound, place) order by place),
         (select count(*) from made),
         (select coalesce(sum(made.render_seconds), 0)::double precision from made)
$$;

-- For `flask check`: the app role reads no table of the migrations themselves.
create function find_migration()
returns table (revision text)
language sql stable security definer set search_path = pg_catalog, public as $$
  select v.version_num::text from public.alembic_version v
$$;
"""
CALLABLE = ("count_work()", "count_render_seconds(double precision[])", "find_migration()")


def upgrade() -> None:
    op.execute(FUNCTIONS)
    for function in CALLABLE:
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to laudo_app")


def downgrade() -> None:
    for function in CALLABLE:
        op.execute(f"drop function {function}")
