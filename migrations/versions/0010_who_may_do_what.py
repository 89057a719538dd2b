"""The platform's invitations of admins wait for the company; definer functions take bounded arguments."""

from __future__ import annotations

import re

from alembic import op

revision = "0010"
down_revision = "0009"

INVITATIONS = """
alter table invitations add column approved_by uuid, add column approved_at timestamptz;

alter table invitations add constraint fk_invitations_tenant_id_approved_by
  foreign key (tenant_id, approved_by) references accounts (tenant_id, id) not valid;
alter table invitations validate constraint fk_invitations_tenant_id_approved_by;

-- No foreign key: entries of the audit never go before the company does.
alter table mails add column entry_id uuid;

-- The last word on who becomes an admin by the platform's hand (an invitation that nobody of the
-- company sent): where the company has an active admin, one of its own people said yes. One such
-- acceptance at a time: of two into a company without an admin, the second finds the first.
create function guard_admin_invitation() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if new.accepted_at is null or new.role <> 'admin' or new.invited_by is not null
     or old.accepted_at is not null then
    return new;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(new.tenant_id::text, 7205011));
  if new.approved_by is null and exists (
       select from public.accounts a where a.tenant_id = new.tenant_id and a.role = 'admin'
       and a.is_active and a.id is distinct from new.account_id) then
    raise insufficient_privilege using
      message = 'no admin of the company has approved this invitation';
  end if;
  return new;
end
$$;
create trigger invitations_guard before update on invitations
  for each row execute function guard_admin_invitation();
alter table invitations enable always trigger invitations_guard;
"""

# Who may call them is all that the application is; what they do must stay what they are for, even
# where a statement of its own was slipped into a connection of its role. What they answer, and to
# whom, is as it was. A text is bounded by the column that it is compared with.
FUNCTIONS = """
create or replace function find_account_by_email(p_email text)
returns table (account_id uuid, tenant_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
  select a.id, a.tenant_id from public.accounts a
  where octet_length(p_email) <= 4 * 254 and a.email = p_email and a.is_active
$$;

-- Also notes that the session is in use, at most once in five minutes.
create or replace function find_account_session(p_token_hash text)
returns table (session_id uuid, account_id uuid, tenant_id uuid)
language sql volatile security definer set search_path = pg_catalog, public as $$
  update public.account_sessions s set seen_at = now()
  where octet_length(p_token_hash) = 64 and s.token_hash = p_token_hash and s.revoked_at is null
    and s.seen_at between now() - interval '12 hours' and now() - interval '5 minutes';
  select s.id, s.account_id, s.tenant_id
  from public.account_sessions s
  join public.accounts a on a.tenant_id = s.tenant_id and a.id = s.account_id
  where octet_length(p_token_hash) = 64 and s.token_hash = p_token_hash
    and s.revoked_at is null and a.is_active
    and s.created_at > now() - interval '30 days' and s.seen_at > now() - interval '12 hours'
$$;

create or replace function find_passkey(p_credential_id text)
returns table (account_id uuid, tenant_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
  select p.account_id, p.tenant_id from public.passkeys p
  join public.accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id
  where octet_length(p_credential_id) <= 1400 and p.credential_id = p_credential_id
    and a.is_active
$$;

-- Rows of one kind that wait, or whose lease ran out, marked as fed so that relays do not repeat
-- each other. Tenants in turn, oldest first within one, so that nobody's flood starves the rest.
-- The newest two seconds belong to the wake-up that follows the commit.
-- FOR UPDATE would also stop whoever writes a row that names one of these, as the mail of a PDF
-- does; what somebody holds is given up in a later round.
-- The numbers are the application's, within bounds: no work is given up before its third try (the
-- least that JOB_ATTEMPTS can be), nothing is fed oftener than once a second, and never more at
-- once than five full queues (app/jobs/queue.py) take.
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

-- How many finished documents took at most each of the bounds, how many there are, their sum. Each
-- bound reads the documents once: a histogram has no more than fifty of them.
create or replace function count_render_seconds(p_bounds double precision[])
returns table (counts bigint[], total bigint, seconds double precision)
language sql stable security definer set search_path = pg_catalog, public as $$
  with made as (
    select d.render_seconds from public.documents d
    where d.state = 'done' and d.render_seconds is not null
  )
  select array(select (select count(*) from made where made.render_seconds <= bound)
               from unnest(p_bounds) with ordinality as b (bound, place)
               where place <= 50 order by place),
         (select count(*) from made),
         (select coalesce(sum(made.render_seconds), 0)::double precision from made)
$$;

-- For the platform's pages: how much these tenants use, in numbers; the month is by each one's
-- own clock. A page has at most 200 of them.
create or replace function count_usage(p_tenants uuid[] default null)
returns table (tenant_id uuid, people bigint, invitations bigint, reports bigint,
               reports_month bigint, storage_bytes bigint, last_report_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
  select t.id,
    (select count(*) from public.accounts a where a.tenant_id = t.id and a.is_active),
    (select count(*) from public.invitations i where i.tenant_id = t.id
       and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp()),
    (select count(*) from public.reports r where r.tenant_id = t.id),
    (select count(*) from public.reports r where r.tenant_id = t.id
       and r.created_at >= date_trunc('month', clock_timestamp() at time zone t.time_zone)
                           at time zone t.time_zone),
    (select coalesce(sum(p.byte_size), 0)::bigint from public.photos p where p.tenant_id = t.id)
      + (select coalesce(sum(d.byte_size), 0)::bigint from public.derivatives d
         where d.tenant_id = t.id)
      + (select coalesce(sum(d.byte_size), 0)::bigint from public.documents d
         where d.tenant_id = t.id),
    (select max(r.updated_at) from public.reports r where r.tenant_id = t.id)
  from public.tenants t
  where t.id in (
    select named from unnest(p_tenants) with ordinality as n (named, place) where place <= 200)
$$;
"""


def _admit(table: str, column: str, value: str) -> None:
    """Let a column of states hold one more, whichever it may hold already."""
    name = f"ck_{table}_{column}_known"
    held = op.get_bind().exec_driver_sql(
        "select pg_get_constraintdef(oid) from pg_constraint"
        f" where conname = '{name}' and conrelid = '{table}'::regclass"
    )
    values = {*re.findall(r"'(\w+)'::", held.scalar_one()), value}
    listed = ", ".join(f"'{one}'" for one in sorted(values))
    op.execute(f"alter table {table} drop constraint {name}")
    op.execute(
        f"alter table {table} add constraint {name} check ({column} in ({listed})) not valid"
    )
    op.execute(f"alter table {table} validate constraint {name}")


def upgrade() -> None:
    op.execute(INVITATIONS)
    _admit("mails", "kind", "platform_act")
    op.execute(FUNCTIONS)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
