"""A public token for each report, and anchors: signed heads of the audit chains."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"

KEY = "nullif(current_setting('app.tenant_id', true), '')::uuid"
ERASED = "nullif(current_setting('laudo.erasing', true), '')::uuid"

# 128 bits in hex. The form is that of the model's server default.
NEW_ADDRESS = (
    "substr(encode(sha256(convert_to("
    "gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'hex'), 1, 32)"
)
FUNCTIONS = """
-- Which report a public address names: ids out, nothing else. The caller binds the tenant.
create function find_checked_report(p_token text)
returns table (tenant_id uuid, report_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
  select r.tenant_id, r.id from public.reports r where r.check_token = p_token
$$;

-- How many anchors no place outside has yet, how long the oldest has waited, and how long ago the
-- newest anchor was made.
create function count_anchors()
returns table (waiting bigint, oldest_seconds double precision, newest_seconds double precision)
language sql stable security definer set search_path = pg_catalog, public as $$
  select (select count(*) from public.anchors a where a.delivered_at is null),
         (select extract(epoch from clock_timestamp() - min(a.at))::double precision
            from public.anchors a where a.delivered_at is null),
         (select extract(epoch from clock_timestamp() - max(a.at))::double precision
            from public.anchors a)
$$;

-- Printed on paper: nobody may give a report another address, or its address to another report.
create function guard_check_token() returns trigger language plpgsql as $$
begin
  raise insufficient_privilege using message = 'the address of a report never changes';
end
$$;

-- An anchor is a signed statement: only its delivery may be noted, until every place has it.
create function guard_anchor() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if public.is_erasing(tg_relid, old.tenant_id) then
      return old;
    end if;
    raise insufficient_privilege using message = 'anchors are never deleted';
  end if;
  if old.delivered_at is not null
     or to_jsonb(new) - array['delivered_at', 'delivered_to']
        is distinct from to_jsonb(old) - array['delivered_at', 'delivered_to'] then
    raise insufficient_privilege using message = 'an anchor never changes';
  end if;
  return new;
end
$$;
"""
CALLABLE = ("find_checked_report(text)", "count_anchors()")

ANCHORS = """
create table anchors (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  kind varchar(40) not null,
  sequence bigint not null,
  hash varchar(64) not null,
  at timestamptz not null,
  reason varchar(500),
  public_key varchar(44) not null,
  signature varchar(88) not null,
  delivered_to varchar(20)[] not null default '{}',
  delivered_at timestamptz,
  constraint pk_anchors primary key (id),
  constraint uq_anchors_tenant_id_id unique (tenant_id, id),
  constraint fk_anchors_tenant_id foreign key (tenant_id) references tenants (id),
  constraint ck_anchors_kind_known check (kind in ('head', 'restored')),
  constraint ck_anchors_of_an_entry check (sequence > 0 and length(hash) = 64)
)
"""
INDEXES = (
    # downtime: none, the table is made just above
    "create index ix_anchors_tenant_id_at on anchors (tenant_id, at)",
    # downtime: none, the table is made just above
    "create index ix_anchors_waiting on anchors (tenant_id, at) where delivered_at is null",
    # downtime: none, the table is made just above
    "create index ix_anchors_at on anchors (at)",
)


def upgrade() -> None:
    owner = op.get_bind().exec_driver_sql("select quote_ident(current_user)").scalar()
    _give_tokens()
    op.execute(ANCHORS)
    for index in INDEXES:
        op.execute(index)
    op.execute(FUNCTIONS)
    for function in CALLABLE:
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to laudo_app")
    _guard(owner)


def _give_tokens() -> None:
    """A default fills in the rows that are there without an update, which the trigger of completed
    reports would refuse."""
    # downtime: the table is written anew, about a second for each 50,000 reports
    op.execute(
        f"alter table reports add column check_token varchar(32) not null default {NEW_ADDRESS}"
    )
    # downtime: an index over the same rows, part of the same second
    op.execute("alter table reports add constraint uq_reports_check_token unique (check_token)")


def _guard(owner: str) -> None:
    op.execute("alter table anchors enable row level security")
    op.execute("alter table anchors force row level security")
    op.execute(
        "create policy own_tenant on anchors to laudo_app"
        f" using (tenant_id = {KEY}) with check (tenant_id = {KEY})"
    )
    op.execute(f"create policy erasing on anchors to {owner} using (tenant_id = {ERASED})")
    op.execute(f"create policy owner_look_up on anchors for select to {owner} using (true)")
    op.execute("grant select, insert, update (delivered_to, delivered_at) on anchors to laudo_app")
    _trigger("anchors", "guard", "before update or delete", "guard_anchor", each="row")
    _trigger("anchors", "no_truncate", "before truncate", "refuse_change", each="statement")
    _trigger(
        "reports",
        "check_token_guard",
        "before update of check_token",
        "guard_check_token",
        each="row",
        only="when (new.check_token is distinct from old.check_token)",
    )


def _trigger(table: str, name: str, when: str, function: str, *, each: str, only: str = "") -> None:
    op.execute(
        f"create trigger {table}_{name} {when} on {table}"
        f" for each {each} {only} execute function {function}()"
    )
    # ALWAYS: a session in replica mode would otherwise step around it.
    op.execute(f"alter table {table} enable always trigger {table}_{name}")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
