"""The progress of a report, kept with it; the person behind a session in one call."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"

# Parameters are bounded as in 0010. The checks of a session are those of find_account_session, which
# the release before still calls. Answers about one valid session only: its person, without the
# password and the secrets, that person's own company, and the support accesses open to it.
FUNCTION = """
create function find_identity(p_token_hash text)
returns table (session_id uuid, account_id uuid, email text, name text, role text, locale text,
               time_zone text, has_second_factor boolean, company jsonb, visits jsonb)
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
#variable_conflict use_column
begin
  return query
    select s.id, a.id, a.email::text, a.name::text, a.role::text, a.locale::text,
           a.time_zone::text,
           a.totp_confirmed_at is not null or exists (
             select from public.passkeys p where p.tenant_id = a.tenant_id and p.account_id = a.id),
           to_jsonb(t),
           (select coalesce(jsonb_agg(jsonb_build_array(v.id, v.superadmin_name, v.reason,
                      v.expires_at) order by v.created_at), '[]')
             from public.support_accesses v where v.tenant_id = s.tenant_id
             and v.ended_at is null and v.expires_at > clock_timestamp())
    from public.account_sessions s
    join public.accounts a on a.tenant_id = s.tenant_id and a.id = s.account_id
    join public.tenants t on t.id = s.tenant_id
    where octet_length(p_token_hash) = 64 and s.token_hash = p_token_hash
      and s.revoked_at is null and a.is_active
      and s.created_at > now() - interval '30 days' and s.seen_at > now() - interval '12 hours';
  -- Notes that the session is in use, at most once in five minutes.
  if found then
    update public.account_sessions s set seen_at = now()
    where s.token_hash = p_token_hash and s.revoked_at is null
      and s.seen_at < now() - interval '5 minutes';
  end if;
end
$$;
"""
CALLABLE = "find_identity(text)"


def upgrade() -> None:
    # Null until the report is next saved: the progress is then computed once and kept.
    op.execute("alter table reports add column progress jsonb")
    op.execute(FUNCTION)
    # Where the owner lacks BYPASSRLS, FORCE would hide these rows from it; 0002 and 0006 let it read
    # the others.
    owner = op.get_bind().exec_driver_sql("select quote_ident(current_user)").scalar()
    op.execute(
        f"create policy owner_look_up on support_accesses for select to {owner} using (true)"
    )
    op.execute(f"revoke execute on function {CALLABLE} from public")
    op.execute(f"grant execute on function {CALLABLE} to laudo_app")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
