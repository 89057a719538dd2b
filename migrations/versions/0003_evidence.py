"""What makes rows stand as evidence: the audit chain, insert-only tables, frozen reports."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

INSERT_ONLY = (
    "save_receipts",
    "photos",
    "photo_readings",
    "derivatives",
    "signatures",
    "snapshots",
    "audit_entries",
    "platform_audit_entries",
)
REPORT_CONTENT = ("answers", "photos", "photo_placements", "signatures")

FUNCTIONS = """
create function chain_audit_entry() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
declare
  last_sequence bigint;
  last_hash text;
begin
  -- One writer a tenant until commit: the sequence has no gap and the chain no fork.
  perform pg_advisory_xact_lock(hashtextextended(new.tenant_id::text, 7205002));
  select e.sequence, e.hash into last_sequence, last_hash
    from public.audit_entries e where e.tenant_id = new.tenant_id
    order by e.sequence desc limit 1;
  new.sequence := coalesce(last_sequence, 0) + 1;
  new.at := clock_timestamp();
  new.previous_hash := coalesce(last_hash, '');
  new.hash := encode(sha256(convert_to(concat_ws(E'\\n',
      new.previous_hash, new.tenant_id::text, new.sequence::text,
      to_char(new.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      new.body), 'UTF8')), 'hex');
  return new;
end
$$;

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise insufficient_privilege using
    message = format('%s is insert-only: %s is refused', tg_table_name, lower(tg_op));
end
$$;

create function guard_report() returns trigger language plpgsql as $$
declare
  free text[] := array['status', 'archived_at', 'updated_at'];
begin
  if tg_op = 'DELETE' then
    raise insufficient_privilege using message = 'reports are discarded, never deleted';
  end if;
  if old.status = 'archived' or (old.status = 'completed' and not (
       new.status = 'archived' and to_jsonb(new) - free = to_jsonb(old) - free)) then
    raise insufficient_privilege using
      message = format('report %s-R%s is %s and cannot change', old.number, old.revision, old.status);
  end if;
  return new;
end
$$;

create function guard_report_content() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
declare
  report_status text;
begin
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

create function guard_version() returns trigger language plpgsql as $$
begin
  if old.published_at is not null then
    raise insufficient_privilege using message = 'a published version cannot change';
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end
$$;
"""


def upgrade() -> None:
    op.execute(FUNCTIONS)
    _trigger("audit_entries", "chain", "before insert", "chain_audit_entry", each="row")
    for table in INSERT_ONLY:
        _trigger(table, "insert_only", "before update or delete", "refuse_change", each="row")
        _trigger(table, "no_truncate", "before truncate", "refuse_change", each="statement")
    _trigger("reports", "guard", "before update or delete", "guard_report", each="row")
    _trigger("reports", "no_truncate", "before truncate", "refuse_change", each="statement")
    for table in REPORT_CONTENT:
        _trigger(
            table,
            "open_report",
            "before insert or update",
            "guard_report_content",
            each="row",
        )
    _trigger("versions", "guard", "before update or delete", "guard_version", each="row")


def _trigger(table: str, name: str, when: str, function: str, *, each: str) -> None:
    op.execute(
        f"create trigger {table}_{name} {when} on {table}"
        f" for each {each} execute function {function}()"
    )
    # ALWAYS: a session in replica mode would otherwise step around it.
    op.execute(f"alter table {table} enable always trigger {table}_{name}")


def downgrade() -> None:
    raise NotImplementedError("evidence rules are not taken away; restore a backup instead")
