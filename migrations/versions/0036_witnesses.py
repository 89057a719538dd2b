"""Witnesses: links to one report for people without an account, their comments and signatures."""

from __future__ import annotations

import re

from alembic import op
from sqlalchemy import text

revision = "0036"
down_revision = "0035"

KEY = "nullif(current_setting('app.tenant_id', true), '')::uuid"
ERASED = "nullif(current_setting('laudo.erasing', true), '')::uuid"
MAILS = "ck_mails_kind_known"
INVALID = text("select 1 from pg_index where indexrelid = to_regclass(:name) and not indisvalid")

TABLE = """
create table witnesses (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  report_id uuid not null,
  role_id varchar(80),
  name varchar(120) not null,
  email varchar(254),
  token_hash varchar(64) not null,
  code_hash varchar(64),
  sent_by uuid not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_by uuid,
  accepted jsonb not null default '{}',
  constraint pk_witnesses primary key (id),
  constraint uq_witnesses_tenant_id_id unique (tenant_id, id),
  constraint uq_witnesses_token_hash unique (token_hash),
  constraint fk_witnesses_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_witnesses_tenant_id_report_id foreign key (tenant_id, report_id)
    references reports (tenant_id, id),
  constraint fk_witnesses_tenant_id_sent_by foreign key (tenant_id, sent_by)
    references accounts (tenant_id, id),
  constraint fk_witnesses_tenant_id_revoked_by foreign key (tenant_id, revoked_by)
    references accounts (tenant_id, id),
  constraint ck_witnesses_named check (name <> ''),
  constraint ck_witnesses_revoked check (num_nonnulls(revoked_at, revoked_by) in (0, 2)),
  constraint ck_witnesses_accepted_by_field check (jsonb_typeof(accepted) = 'object')
)
"""

FUNCTIONS = """
-- Which witness a link names: ids out, nothing else. The caller binds the tenant.
create function find_witness(p_token_hash text)
returns table (tenant_id uuid, witness_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
  select w.tenant_id, w.id from public.witnesses w where w.token_hash = p_token_hash
$$;

-- A link stays about one person, one report and one day. It can be revoked once and for all; what
-- the witness accepted is frozen with the report.
create function guard_witness() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
declare
  report_status text;
  free text[] := array['updated_at', 'revoked_at', 'revoked_by'];
begin
  if tg_op = 'DELETE' then
    if public.is_erasing(tg_relid, old.tenant_id) then
      return old;
    end if;
    raise insufficient_privilege using message = 'witnesses are revoked, never deleted';
  end if;
  if tg_op = 'UPDATE' then
    if to_jsonb(new) - free - 'accepted' is distinct from to_jsonb(old) - free - 'accepted' then
      raise insufficient_privilege using message = 'what a witness was sent cannot change';
    end if;
    if old.revoked_at is not null and to_jsonb(new) - 'updated_at'
        is distinct from to_jsonb(old) - 'updated_at' then
      raise insufficient_privilege using message = 'a revoked witness cannot change';
    end if;
    if new.accepted is not distinct from old.accepted then
      return new;
    end if;
  end if;
  -- The share lock makes this wait for an approval that is under way.
  select r.status into report_status from public.reports r
    where r.tenant_id = new.tenant_id and r.id = new.report_id for share;
  if report_status is null or report_status in ('completed', 'archived') then
    raise insufficient_privilege using
      message = format('witnesses of a %s report cannot change', report_status);
  end if;
  return new;
end
$$;

-- A witness comments on their own report and signs it in their own role, and only while their link
-- is open.
create function guard_witnessed() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if not exists (
      select from public.witnesses w where w.tenant_id = new.tenant_id and w.id = new.witness_id
      and w.report_id = new.report_id and w.revoked_at is null
      and w.expires_at > clock_timestamp()
      and (tg_table_name <> 'signatures' or w.role_id = to_jsonb(new) ->> 'role_id')) then
    raise insufficient_privilege using message =
      format('%s of a witness belong to their own report and role, while the link is open',
        tg_table_name);
  end if;
  return new;
end
$$;
"""

# The old text of the guard of answers, photos and signatures, before which the new one comes.
CLOSED = "if report_status is distinct from 'draft' and"
DUE_AT_APPROVAL = """if report_status = 'submitted' and tg_table_name = 'signatures' then
    -- The roles that the checklist asks for at the approval, and nothing else.
    if tg_op = 'INSERT' and not new.withdrawn and exists (
        select from public.reports r
        join public.versions v on v.tenant_id = r.tenant_id and v.id = r.version_id,
        jsonb_array_elements(v.body -> 'signature_roles') role
        where r.tenant_id = new.tenant_id and r.id = new.report_id
        and role ->> 'id' = new.role_id and role ->> 'due' = 'approval') then
      return new;
    end if;
  end if;
  """

COLUMNS = """
alter table signatures alter column taken_by drop not null;
alter table signatures add column witness_id uuid;
alter table review_comments alter column author_id drop not null;
alter table review_comments alter column review_id drop not null;
alter table review_comments add column witness_id uuid;
alter table mails add column witness_id uuid;
"""
# Tables whose new column names a witness. No row has a value to look up.
NAMING = ("signatures", "review_comments", "mails")
CHECKS = {
    "signatures": {"one_signer": "num_nonnulls(taken_by, witness_id) = 1"},
    "review_comments": {
        "one_author": "num_nonnulls(author_id, witness_id) = 1",
        "of_review": "num_nonnulls(review_id, witness_id) = 1",
    },
}
# For the foreign keys, when a company is erased.
INDEXES = {
    f"ix_{table}_tenant_id_witness_id": "create index concurrently if not exists"
    f" ix_{table}_tenant_id_witness_id on {table} (tenant_id, witness_id)"
    " where witness_id is not null"
    for table in ("signatures", "review_comments")
}


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    owner = op.get_bind().exec_driver_sql("select quote_ident(current_user)").scalar()
    op.execute(TABLE)
    # downtime: none, the table is made just above
    op.execute(
        "create index ix_witnesses_tenant_id_report_id on witnesses"
        " (tenant_id, report_id, created_at)"
    )
    op.get_bind().exec_driver_sql(FUNCTIONS.replace("%", "%%"))
    op.execute("revoke execute on function find_witness(text) from public")
    op.execute("grant execute on function find_witness(text) to laudo_app")
    _lock(owner)
    op.execute(COLUMNS)
    for table in NAMING:
        _name_witness(table)
    for table, checks in CHECKS.items():
        for name, condition in checks.items():
            _check(table, f"ck_{table}_{name}", condition)
    _trigger("witnesses", "guard", "before insert or update or delete", "guard_witness", each="row")
    _trigger("witnesses", "no_truncate", "before truncate", "refuse_change", each="statement")
    for table in CHECKS:
        _trigger(
            table,
            "witnessed",
            "before insert",
            "guard_witnessed",
            each="row",
            only="when (new.witness_id is not null)",
        )
    _replace("guard_report_content()", CLOSED, DUE_AT_APPROVAL + CLOSED)
    _admit_mail("witness_link")
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = '5s'")
        for name, statement in INDEXES.items():
            _drop_half_made(name)
            op.execute(statement)


def _lock(owner: str) -> None:
    op.execute("alter table witnesses enable row level security")
    op.execute("alter table witnesses force row level security")
    op.execute(
        "create policy own_tenant on witnesses to laudo_app"
        f" using (tenant_id = {KEY}) with check (tenant_id = {KEY})"
    )
    op.execute(f"create policy erasing on witnesses to {owner} using (tenant_id = {ERASED})")
    op.execute(f"create policy owner_look_up on witnesses for select to {owner} using (true)")
    op.execute(
        "grant select, insert, update (updated_at, revoked_at, revoked_by, accepted)"
        " on witnesses to laudo_app"
    )


def _name_witness(table: str) -> None:
    name = f"fk_{table}_tenant_id_witness_id"
    op.execute(
        f"alter table {table} add constraint {name} foreign key (tenant_id, witness_id)"
        " references witnesses (tenant_id, id) not valid"
    )
    op.execute(f"alter table {table} validate constraint {name}")


def _check(table: str, name: str, condition: str) -> None:
    op.execute(f"alter table {table} add constraint {name} check ({condition}) not valid")
    op.execute(f"alter table {table} validate constraint {name}")


def _replace(function: str, old: str, new: str) -> None:
    """Change this line of the function and nothing else: other migrations change others."""
    source = op.get_bind().scalar(
        text("select pg_get_functiondef(cast(:name as regprocedure))"), {"name": function}
    )
    assert source.count(old) == 1, f"{function} has not one {old!r}"
    # As a parameter of no statement: the text of the function has percent signs.
    op.get_bind().exec_driver_sql(source.replace(old, new).replace("%", "%%"))


def _trigger(table: str, name: str, when: str, function: str, *, each: str, only: str = "") -> None:
    op.execute(
        f"create trigger {table}_{name} {when} on {table}"
        f" for each {each} {only} execute function {function}()"
    )
    # ALWAYS: a session in replica mode would otherwise step around it.
    op.execute(f"alter table {table} enable always trigger {table}_{name}")


def _admit_mail(kind: str) -> None:
    """Let mails have one more kind, whichever they may have already."""
    held = op.get_bind().exec_driver_sql(
        "select pg_get_constraintdef(oid) from pg_constraint"
        f" where conname = '{MAILS}' and conrelid = 'mails'::regclass"
    )
    values = {*re.findall(r"'(\w+)'::", held.scalar_one()), kind}
    listed = ", ".join(f"'{one}'" for one in sorted(values))
    op.execute(f"alter table mails drop constraint {MAILS}")
    op.execute(f"alter table mails add constraint {MAILS} check (kind in ({listed})) not valid")
    op.execute(f"alter table mails validate constraint {MAILS}")


def _drop_half_made(name: str) -> None:
    """What a failed try left: `if not exists` would take it for good, and no query ever uses it."""
    if op.get_bind().scalar(INVALID, {"name": name}):
        op.execute(f"drop index concurrently {name}")


def downgrade() -> None:
    raise NotImplementedError("evidence rules are not taken away; restore a backup instead")
