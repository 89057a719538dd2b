"""Lock 2: row-level security, grants, and the look-ups that come before a tenant is known."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

TENANT_TABLES = (
    "accounts",
    "account_sessions",
    "projects",
    "equipment",
    "project_grants",
    "checklists",
    "versions",
    "reports",
    "answers",
    "save_receipts",
    "photos",
    "photo_readings",
    "derivatives",
    "photo_placements",
    "photo_checks",
    "signatures",
    "snapshots",
    "documents",
    "audit_entries",
)
# Rows that stand as evidence: the app role may add and read, nothing else.
INSERT_ONLY = (
    "save_receipts",
    "photos",
    "photo_readings",
    "derivatives",
    "signatures",
    "snapshots",
    "audit_entries",
)
DELETABLE = ("versions", "project_grants")
# The definer functions run as the owner, which FORCE binds too where it lacks BYPASSRLS.
LOOKED_UP = ("accounts", "account_sessions", "photo_checks", "documents")

KEY = "nullif(current_setting('app.tenant_id', true), '')::uuid"

FUNCTIONS = """
create function find_account_by_email(p_email text)
returns table (account_id uuid, tenant_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
  select a.id, a.tenant_id from public.accounts a where a.email = p_email and a.is_active
$$;

-- Also notes that the session is in use, at most once in five minutes.
create function find_account_session(p_token_hash text)
returns table (session_id uuid, account_id uuid, tenant_id uuid)
language sql volatile security definer set search_path = pg_catalog, public as $$
  update public.account_sessions s set seen_at = now()
  where s.token_hash = p_token_hash and s.revoked_at is null
    and s.seen_at between now() - interval '12 hours' and now() - interval '5 minutes';
  select s.id, s.account_id, s.tenant_id
  from public.account_sessions s
  join public.accounts a on a.tenant_id = s.tenant_id and a.id = s.account_id
  where s.token_hash = p_token_hash and s.revoked_at is null and a.is_active
    and s.created_at > now() - interval '30 days' and s.seen_at > now() - interval '12 hours'
$$;

create function find_work_tenant(p_kind text, p_id uuid)
returns table (tenant_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
  select d.tenant_id from public.documents d where p_kind = 'document' and d.id = p_id
  union all
  select c.tenant_id from public.photo_checks c where p_kind = 'photo_check' and c.id = p_id
$$;

-- For operators: since when the oldest document waits, over all tenants.
create function find_oldest_queued_document()
returns table (queued_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
  select d.queued_at from public.documents d where d.state = 'queued'
  order by d.queued_at limit 1
$$;

-- Rows of one kind that wait, or whose lease ran out, marked as fed so that relays do not repeat
-- each other. Tenants in turn, oldest first within one, so that nobody's flood starves the rest.
-- The newest two seconds belong to the wake-up that follows the commit.
create function feed_due_work(p_kind text, p_limit integer, p_attempts integer, p_pause interval)
returns table (id uuid, tenant_id uuid)
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
#variable_conflict use_column
begin
  if p_kind = 'document' then
    update public.documents d set state = 'failed', finished_at = clock_timestamp(),
        lease_until = null, error = coalesce(d.error, 'gave_up')
      where d.state in ('queued', 'running') and d.attempts >= p_attempts
        and (d.lease_until is null or d.lease_until < clock_timestamp());
    return query
      with due as (
        select d.id, row_number() over (partition by d.tenant_id order by d.queued_at) as turn
        from public.documents d
        where d.state in ('queued', 'running')
          and (d.lease_until < clock_timestamp() or (d.lease_until is null and d.state = 'queued'))
          and d.queued_at < clock_timestamp() - interval '2 seconds'
          and (d.fed_at is null or d.fed_at < clock_timestamp() - p_pause)
      ), locked as (
        select d.id from public.documents d join due on due.id = d.id
        order by due.turn, d.queued_at limit p_limit for update of d skip locked
      )
      update public.documents d set fed_at = clock_timestamp() from locked
      where d.id = locked.id returning d.id, d.tenant_id;
  end if;
  if p_kind = 'photo_check' then
    update public.photo_checks c set state = 'failed', finished_at = clock_timestamp(),
        lease_until = null, error = coalesce(c.error, 'gave_up')
      where c.state in ('queued', 'running') and c.attempts >= p_attempts
        and (c.lease_until is null or c.lease_until < clock_timestamp());
    return query
      with due as (
        select c.id, row_number() over (partition by c.tenant_id order by c.queued_at) as turn
        from public.photo_checks c
        where c.state in ('queued', 'running')
          and (c.lease_until < clock_timestamp() or (c.lease_until is null and c.state = 'queued'))
          and c.queued_at < clock_timestamp() - interval '2 seconds'
          and (c.fed_at is null or c.fed_at < clock_timestamp() - p_pause)
      ), locked as (
        select c.id from public.photo_checks c join due on due.id = c.id
        order by due.turn, c.queued_at limit p_limit for update of c skip locked
      )
      update public.photo_checks c set fed_at = clock_timestamp() from locked
      where c.id = locked.id returning c.id, c.tenant_id;
  end if;
end
$$;

-- One e-mail is one person on the whole platform; neither table's role can see the other table.
create function refuse_email_of_other_kind() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(new.email, 7205003));
  if tg_table_name = 'accounts' and exists (
       select from public.superadmins s where s.email = new.email)
     or tg_table_name = 'superadmins' and exists (
       select from public.accounts a where a.email = new.email) then
    raise unique_violation using
      message = 'this e-mail belongs to another person', constraint = 'uq_accounts_email';
  end if;
  return new;
end
$$;
create trigger accounts_email before insert or update of email on accounts
  for each row execute function refuse_email_of_other_kind();
create trigger superadmins_email before insert or update of email on superadmins
  for each row execute function refuse_email_of_other_kind();
"""

CALLABLE = (
    "find_account_by_email(text)",
    "find_account_session(text)",
    "find_work_tenant(text, uuid)",
    "find_oldest_queued_document()",
    "feed_due_work(text, integer, integer, interval)",
)


def upgrade() -> None:
    owner = op.get_bind().exec_driver_sql("select quote_ident(current_user)").scalar()
    for table in TENANT_TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(
            f"create policy own_tenant on {table} to laudo_app"
            f" using (tenant_id = {KEY}) with check (tenant_id = {KEY})"
        )
        rights = "select, insert" if table in INSERT_ONLY else "select, insert, update"
        op.execute(f"grant {rights} on {table} to laudo_app")
        if table in DELETABLE:
            op.execute(f"grant delete on {table} to laudo_app")
    for table in LOOKED_UP:
        op.execute(f"create policy owner_look_up on {table} to {owner} using (true)")
    _protect_platform_tables()
    op.execute(FUNCTIONS)
    for function in (*CALLABLE, "refuse_email_of_other_kind()"):
        op.execute(f"revoke execute on function {function} from public")
    for function in CALLABLE:
        op.execute(f"grant execute on function {function} to laudo_app")
    op.execute("grant usage on schema public to laudo_app, laudo_platform, laudo_backup")
    op.execute("grant select on all tables in schema public to laudo_backup")
    op.execute("alter default privileges in schema public grant select on tables to laudo_backup")


def _protect_platform_tables() -> None:
    op.execute("alter table tenants enable row level security")
    op.execute("alter table tenants force row level security")
    op.execute(f"create policy own_tenant on tenants to laudo_app using (id = {KEY})")
    op.execute("create policy platform on tenants to laudo_platform using (true) with check (true)")
    # Status and limits are the platform's; everything else of its own row is the company's.
    op.execute(
        "grant select, update (name, locale, time_zone, colour_accent, colour_second,"
        " colour_third, contact, logo_key, second_logo_key, watermark, pdf, updated_at)"
        " on tenants to laudo_app"
    )
    op.execute("grant select, insert, update on tenants to laudo_platform")
    # Whose tenant, who and which role; a password hash is nobody's business on the platform.
    op.execute("create policy platform on accounts for select to laudo_platform using (true)")
    op.execute(
        "grant select (id, tenant_id, email, name, role, is_active, created_at)"
        " on accounts to laudo_platform"
    )
    op.execute("grant select, insert, update on superadmins, superadmin_sessions to laudo_platform")
    op.execute("grant select, insert on platform_audit_entries to laudo_platform")


def downgrade() -> None:
    raise NotImplementedError("isolation is not taken away; restore a backup instead")
