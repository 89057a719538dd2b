"""Relays lock what they feed as everybody locks: NO KEY UPDATE, and nobody waits for a row."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

# As in 0006 but for the locks. FOR UPDATE would also stop whoever writes a row that names one of
# these, as the mail of a PDF does. What somebody holds is given up in a later round.
FUNCTION = """
create or replace function feed_due_work(
  p_kind text, p_limit integer, p_attempts integer, p_pause interval)
returns table (id uuid, tenant_id uuid)
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
#variable_conflict use_column
declare
  work text := case p_kind
    when 'document' then 'documents'
    when 'photo_check' then 'photo_checks'
    when 'mail' then 'mails'
    when 'brand_preview' then 'brand_previews'
    when 'export' then 'exports'
  end;
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
  $body$, work) using p_attempts;
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
  $body$, work) using p_limit, p_pause;
end
$$
"""


def upgrade() -> None:
    op.execute(FUNCTION)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
