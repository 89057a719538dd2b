"""Files of the answers of many reports, made by the worker."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"

KEY = "nullif(current_setting('app.tenant_id', true), '')::uuid"
ERASED = "nullif(current_setting('laudo.erasing', true), '')::uuid"

TABLE = """
create table answer_exports (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  state varchar(40) not null default 'queued',
  attempts integer not null default 0,
  fence integer not null default 0,
  queued_at timestamptz not null default clock_timestamp(),
  lease_until timestamptz,
  fed_at timestamptz,
  finished_at timestamptz,
  error varchar,
  requested_by uuid not null,
  role varchar(40) not null,
  format varchar(40) not null,
  wanted jsonb not null,
  filters jsonb not null,
  digest varchar(64) not null,
  locale varchar(10) not null,
  time_zone varchar(64) not null,
  counts jsonb not null default '{}',
  progress_done integer not null default 0,
  progress_total integer not null default 0,
  storage_key varchar(200),
  sha256 varchar(64),
  byte_size bigint,
  constraint pk_answer_exports primary key (id),
  constraint uq_answer_exports_tenant_id_id unique (tenant_id, id),
  constraint fk_answer_exports_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_answer_exports_tenant_id_requested_by foreign key (tenant_id, requested_by)
    references accounts (tenant_id, id),
  constraint ck_answer_exports_state_known check (
    state in ('queued', 'running', 'done', 'failed')),
  constraint ck_answer_exports_role_known check (
    role in ('superadmin', 'admin', 'manager', 'technician', 'viewer')),
  constraint ck_answer_exports_format_known check (format in ('xlsx', 'csv', 'jsonl')),
  constraint ck_answer_exports_own_key check (
    storage_key = 't/' || tenant_id || '/answers/' || coalesce(sha256, ''))
)
"""


def _teach(function: str, known: str, added: str) -> None:
    """Put one more kind of work into a function, whichever kinds it knows already."""
    found = op.get_bind().exec_driver_sql(f"select pg_get_functiondef('{function}'::regprocedure)")
    source = found.scalar_one()
    assert known in source, f"{function} has no {known!r}"
    # As a parameter: what is in the function is no part of this statement.
    op.execute(source.replace(known, added, 1))


def upgrade() -> None:
    owner = op.get_bind().exec_driver_sql("select quote_ident(current_user)").scalar()
    op.execute(TABLE)
    # downtime: none, the table is made just above
    op.execute("create index ix_answer_exports_due on answer_exports (state, lease_until)")
    # downtime: none, the table is made just above
    op.execute(
        "create unique index uq_answer_exports_one_open"
        " on answer_exports (tenant_id, requested_by, digest)"
        " where state in ('queued', 'running')"
    )
    op.execute("alter table answer_exports enable row level security")
    op.execute("alter table answer_exports force row level security")
    op.execute(
        "create policy own_tenant on answer_exports to laudo_app"
        f" using (tenant_id = {KEY}) with check (tenant_id = {KEY})"
    )
    op.execute(f"create policy owner_look_up on answer_exports to {owner} using (true)")
    op.execute(f"create policy erasing on answer_exports to {owner} using (tenant_id = {ERASED})")
    op.execute("grant select, insert, update on answer_exports to laudo_app")
    _teach(
        "find_work_tenant(text, uuid)",
        "select d.tenant_id from public.documents d where p_kind = 'document' and d.id = p_id",
        "select d.tenant_id from public.documents d where p_kind = 'document' and d.id = p_id\n"
        "  union all\n"
        "  select x.tenant_id from public.answer_exports x\n"
        "  where p_kind = 'answer_export' and x.id = p_id",
    )
    _teach(
        "feed_due_work(text, integer, integer, interval)",
        "when 'document' then 'documents'",
        "when 'document' then 'documents'\n    when 'answer_export' then 'answer_exports'",
    )
    _teach(
        "count_work()",
        "select 'document' as kind, d.state, d.queued_at from public.documents d",
        "select 'document' as kind, d.state, d.queued_at from public.documents d\n"
        "      union all\n"
        "      select 'answer_export', x.state, x.queued_at from public.answer_exports x",
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
