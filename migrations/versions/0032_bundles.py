"""Evidence bundles of a report or a project, made by the worker."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"

KEY = "nullif(current_setting('app.tenant_id', true), '')::uuid"
ERASED = "nullif(current_setting('laudo.erasing', true), '')::uuid"

TABLE = """
create table bundles (
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
  request_id varchar(64),
  requested_by uuid not null,
  role varchar(40) not null,
  report_id uuid,
  project_id uuid,
  subject_id uuid generated always as (coalesce(report_id, project_id)) stored,
  progress_done integer not null default 0,
  progress_total integer not null default 0,
  storage_key varchar(200),
  sha256 varchar(64),
  byte_size bigint,
  constraint pk_bundles primary key (id),
  constraint uq_bundles_tenant_id_id unique (tenant_id, id),
  constraint fk_bundles_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_bundles_tenant_id_requested_by foreign key (tenant_id, requested_by)
    references accounts (tenant_id, id),
  constraint fk_bundles_tenant_id_report_id foreign key (tenant_id, report_id)
    references reports (tenant_id, id),
  constraint fk_bundles_tenant_id_project_id foreign key (tenant_id, project_id)
    references projects (tenant_id, id),
  constraint ck_bundles_state_known check (state in ('queued', 'running', 'done', 'failed')),
  constraint ck_bundles_role_known check (
    role in ('superadmin', 'admin', 'manager', 'technician', 'viewer')),
  constraint ck_bundles_one_subject check (num_nonnulls(report_id, project_id) = 1),
  constraint ck_bundles_own_key check (
    storage_key = 't/' || tenant_id || '/bundle/' || coalesce(sha256, '') || '.zip')
)
"""


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    owner = op.get_bind().exec_driver_sql("select quote_ident(current_user)").scalar()
    op.execute(TABLE)
    # downtime: none, the table is made just above
    op.execute("create index ix_bundles_due on bundles (state, lease_until)")
    # downtime: none, the table is made just above
    op.execute(
        "create index ix_bundles_served on bundles (tenant_id, finished_at)"
        " where finished_at is not null"
    )
    # downtime: none, the table is made just above
    op.execute(
        "create unique index uq_bundles_one_open on bundles"
        " (tenant_id, requested_by, subject_id) where state in ('queued', 'running')"
    )
    # downtime: none, the table is made just above
    op.execute("create index ix_bundles_subject on bundles (tenant_id, subject_id, created_at)")
    op.execute("alter table bundles enable row level security")
    op.execute("alter table bundles force row level security")
    op.execute(
        "create policy own_tenant on bundles to laudo_app"
        f" using (tenant_id = {KEY}) with check (tenant_id = {KEY})"
    )
    op.execute(f"create policy owner_look_up on bundles to {owner} using (true)")
    op.execute(f"create policy erasing on bundles to {owner} using (tenant_id = {ERASED})")
    op.execute("grant select, insert, update on bundles to laudo_app")
    op.execute("insert into work_kinds (name, table_name) values ('bundle', 'bundles')")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
