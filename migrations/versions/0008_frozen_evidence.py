"""Closed reports, finished PDFs and storage keys cannot be moved or swapped; heads of the chains.

The guards of 0003 looked at the new row alone: a row could be carried out of a completed report
by pointing it at another one. Here each guard looks at the old row, the new row, and deletion.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

KEY = "nullif(current_setting('app.tenant_id', true), '')::uuid"

FUNCTIONS = """
-- Answers, photos, placements, signatures: a row stays with its report and means the same thing
-- for as long as it lives, and only an open report takes new rows or changes.
create or replace function guard_report_content() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
declare
  report_status text;
begin
  if tg_op = 'DELETE' then
    if public.is_erasing(tg_relid, old.tenant_id) then
      return old;
    end if;
    raise insufficient_privilege using message = format('%s are never deleted', tg_table_name);
  end if;
  if tg_op = 'UPDATE' then
    if (new.id, new.tenant_id, new.report_id, new.created_at)
        is distinct from (old.id, old.tenant_id, old.report_id, old.created_at) then
      raise insufficient_privilege using
        message = format('%s stay with their report', tg_table_name);
    end if;
    if tg_table_name = 'answers' then
      if new.field_id is distinct from old.field_id then
        raise insufficient_privilege using message = 'answers stay with their field';
      end if;
    elsif tg_table_name = 'photo_placements' then
      if new.photo_id is distinct from old.photo_id then
        raise insufficient_privilege using message = 'photo_placements stay with their photo';
      end if;
    end if;
  end if;
  -- The share lock makes this wait for a submit that is under way, and the other way round.
  select r.status into report_status from public.reports r
    where r.tenant_id = new.tenant_id and r.id = new.report_id for share;
  if report_status is distinct from 'draft' and report_status is distinct from 'in_progress' then
    raise insufficient_privilege using
      message = format('%s of a %s report cannot change', tg_table_name, report_status);
  end if;
  return new;
end
$$;

-- What the worker finds in a photo and makes of it. Once the photo stands in a closed report, the
-- snapshot names its pictures, and no other may join them.
create function guard_pictures() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
declare
  report_status text;
begin
  for report_status in
    select r.status from public.photo_placements p
      join public.reports r on r.tenant_id = p.tenant_id and r.id = p.report_id
      where p.tenant_id = new.tenant_id and p.photo_id = new.photo_id and p.removed_at is null
      for share of r
  loop
    if report_status in ('completed', 'archived') then
      raise insufficient_privilege using
        message = format('a %s report takes no new %s', report_status, tg_table_name);
    end if;
  end loop;
  return new;
end
$$;

create or replace function guard_report() returns trigger
language plpgsql as $$
declare
  free text[] := array['status', 'archived_at', 'updated_at', 'search_words'];
begin
  if tg_op = 'DELETE' then
    if public.is_erasing(tg_relid, old.tenant_id) then
      return old;
    end if;
    raise insufficient_privilege using message = 'reports are discarded, never deleted';
  end if;
  if (new.id, new.tenant_id, new.created_at, new.number, new.revision, new.revision_of,
      new.version_id, new.started_by)
     is distinct from (old.id, old.tenant_id, old.created_at, old.number, old.revision,
      old.revision_of, old.version_id, old.started_by) then
    raise insufficient_privilege using
      message = format('what report %s-R%s is cannot change', old.number, old.revision);
  end if;
  if old.status = 'archived' or (old.status = 'completed' and not (
       new.status = 'archived' and to_jsonb(new) - free = to_jsonb(old) - free)) then
    raise insufficient_privilege using
      message = format('report %s-R%s is %s and cannot change', old.number, old.revision, old.status);
  end if;
  return new;
end
$$;

-- A PDF belongs to one report for ever; once done, it is written once and for all.
create function guard_document() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if tg_op = 'DELETE' then
    if public.is_erasing(tg_relid, old.tenant_id) then
      return old;
    end if;
    raise insufficient_privilege using message = 'documents are never deleted';
  end if;
  if old.state = 'done' then
    raise insufficient_privilege using
      message = format('document %s is done and cannot change', old.id);
  end if;
  if (new.id, new.tenant_id, new.report_id, new.requested_by, new.created_at)
      is distinct from (old.id, old.tenant_id, old.report_id, old.requested_by, old.created_at) then
    raise insufficient_privilege using message = 'documents stay with their report';
  end if;
  return new;
end
$$;

create or replace function guard_version() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if old.published_at is null or public.is_erasing(tg_relid, old.tenant_id) then
      return old;
    end if;
  end if;
  if old.published_at is not null then
    raise insufficient_privilege using message = 'a published version cannot change';
  end if;
  if (new.id, new.tenant_id, new.created_at, new.checklist_id)
      is distinct from (old.id, old.tenant_id, old.created_at, old.checklist_id) then
    raise insufficient_privilege using message = 'versions stay with their checklist';
  end if;
  return new;
end
$$;

-- The head of a chain moves by one entry at a time and never back.
create function guard_audit_head() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if tg_op = 'DELETE' then
    if public.is_erasing(tg_relid, old.tenant_id) then
      return old;
    end if;
    raise insufficient_privilege using message = 'audit_heads are never deleted';
  end if;
  if (new.id, new.tenant_id, new.created_at)
       is distinct from (old.id, old.tenant_id, old.created_at)
     or new.sequence <> old.sequence + 1 then
    raise insufficient_privilege using message = 'an audit head only moves to its next entry';
  end if;
  return new;
end
$$;

-- As before, but the next entry follows the kept head and not the newest entry that is found. So a
-- tail that was cut off leaves a gap for ever instead of being written over. Runs as the owner,
-- because the app's role may read heads and not write them.
create or replace function chain_audit_entry() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  last_sequence bigint;
  last_hash text;
begin
  -- One writer a tenant until commit: the sequence has no gap and the chain no fork.
  perform pg_advisory_xact_lock(hashtextextended(new.tenant_id::text, 7205002));
  select h.sequence, h.hash into last_sequence, last_hash
    from public.audit_heads h where h.tenant_id = new.tenant_id;
  new.sequence := coalesce(last_sequence, 0) + 1;
  new.at := clock_timestamp();
  new.previous_hash := coalesce(last_hash, '');
  new.hash := encode(sha256(convert_to(concat_ws(E'\\n',
      new.previous_hash, new.tenant_id::text, new.sequence::text,
      to_char(new.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      new.body), 'UTF8')), 'hex');
  insert into public.audit_heads (tenant_id, sequence, hash)
    values (new.tenant_id, new.sequence, new.hash)
    on conflict (tenant_id) do update set sequence = excluded.sequence, hash = excluded.hash;
  return new;
end
$$;
"""

# Each key begins with its own company's prefix, and names the bytes that its row is about. 0009
# validates these rules on the rows that are there.
KEYS = {
    "photos": "storage_key = 't/' || tenant_id || '/orig/' || sha256",
    "derivatives": "storage_key = 't/' || tenant_id || '/derived/' || sha256 || '.jpg'",
    "signatures": "image_key = 't/' || tenant_id || '/sign/' || coalesce(image_sha256, '') || '.png'",
    "documents": "storage_key = 't/' || tenant_id || '/pdf/' || coalesce(sha256, '') || '.pdf'",
    "exports": "storage_key = 't/' || tenant_id || '/export/' || coalesce(sha256, '') || '.zip'",
    "brand_previews": "starts_with(cover_key, 't/' || tenant_id || '/preview/')"
    " and starts_with(page_key, 't/' || tenant_id || '/preview/')"
    " and starts_with(photo_key, 't/' || tenant_id || '/preview/')",
    "tenants": "starts_with(logo_key, 't/' || id || '/logo/')"
    " and starts_with(second_logo_key, 't/' || id || '/logo/')",
}
# Where a trigger of 0003 looked at inserts and updates alone.
CONTENT = ("answers", "photo_placements")


def upgrade() -> None:
    owner = op.get_bind().exec_driver_sql("select quote_ident(current_user)").scalar()
    _make_verifications(owner)
    op.execute(FUNCTIONS)
    op.execute("revoke execute on function chain_audit_entry() from public")
    for table in CONTENT:
        _trigger(table, "stays", "before delete", "guard_report_content", each="row")
        _trigger(table, "no_truncate", "before truncate", "refuse_change", each="statement")
    for table in ("photo_readings", "derivatives"):
        _trigger(table, "open_report", "before insert", "guard_pictures", each="row")
    _trigger("documents", "guard", "before update or delete", "guard_document", each="row")
    for table in ("documents", "versions"):
        _trigger(table, "no_truncate", "before truncate", "refuse_change", each="statement")
    for table, rule in KEYS.items():
        op.execute(
            f"alter table {table} add constraint ck_{table}_own_key check ({rule}) not valid"
        )
    _make_heads(owner)


def _make_heads(owner: str) -> None:
    """One row a tenant: where its chain ends. Written by the chain's own trigger alone."""
    op.execute(
        "create table audit_heads (id uuid not null default gen_random_uuid(),"
        " created_at timestamptz not null default clock_timestamp(), tenant_id uuid not null,"
        " sequence bigint not null, hash varchar(64) not null,"
        " constraint pk_audit_heads primary key (id),"
        " constraint uq_audit_heads_tenant_id_id unique (tenant_id, id),"
        " constraint uq_audit_heads_tenant_id unique (tenant_id),"
        " constraint fk_audit_heads_tenant_id foreign key (tenant_id) references tenants (id))"
    )
    _lock("audit_heads", owner, "select")
    op.execute(f"create policy owner_look_up on audit_heads to {owner} using (true)")
    _trigger("audit_heads", "guard", "before update or delete", "guard_audit_head", each="row")
    _trigger("audit_heads", "no_truncate", "before truncate", "refuse_change", each="statement")
    # downtime: none that is felt; writers wait the milliseconds until the heads are filled in, as
    # an entry between the two would follow a head that is not its own.
    op.execute("lock table audit_entries in share row exclusive mode")
    op.execute(
        "insert into audit_heads (tenant_id, sequence, hash)"
        " select t.id, e.sequence, e.hash from tenants t cross join lateral ("
        "  select a.sequence, a.hash from audit_entries a where a.tenant_id = t.id"
        "  order by a.sequence desc limit 1) e"
    )


def _make_verifications(owner: str) -> None:
    """The last verdict on each completed report: what was compared when, and what differed."""
    op.execute(
        "create table verifications (id uuid not null default gen_random_uuid(),"
        " created_at timestamptz not null default clock_timestamp(), tenant_id uuid not null,"
        " updated_at timestamptz not null default clock_timestamp(), report_id uuid not null,"
        " rows_checked_at timestamptz, differences jsonb not null default '[]',"
        " bytes_checked_at timestamptz, damage jsonb not null default '[]',"
        " constraint pk_verifications primary key (id),"
        " constraint uq_verifications_tenant_id_id unique (tenant_id, id),"
        " constraint uq_verifications_tenant_id_report_id unique (tenant_id, report_id),"
        " constraint fk_verifications_tenant_id foreign key (tenant_id) references tenants (id),"
        " constraint fk_verifications_tenant_id_report_id foreign key (tenant_id, report_id)"
        " references reports (tenant_id, id))"
    )
    _lock("verifications", owner, "select, insert, update")


def _lock(table: str, owner: str, rights: str) -> None:
    erased = "nullif(current_setting('laudo.erasing', true), '')::uuid"
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(
        f"create policy own_tenant on {table} to laudo_app"
        f" using (tenant_id = {KEY}) with check (tenant_id = {KEY})"
    )
    op.execute(f"create policy erasing on {table} to {owner} using (tenant_id = {erased})")
    op.execute(f"grant {rights} on {table} to laudo_app")


def _trigger(table: str, name: str, when: str, function: str, *, each: str) -> None:
    op.execute(
        f"create trigger {table}_{name} {when} on {table}"
        f" for each {each} execute function {function}()"
    )
    # ALWAYS: a session in replica mode would otherwise step around it.
    op.execute(f"alter table {table} enable always trigger {table}_{name}")


def downgrade() -> None:
    raise NotImplementedError("evidence rules are not taken away; restore a backup instead")
