"""Client workbooks: the file, how it is mapped, what is remembered of its shape, and the versions
that were made of it."""

from __future__ import annotations

from alembic import op

revision = "0039"
down_revision = "0038"

KEY = "nullif(current_setting('app.tenant_id', true), '')::uuid"
ERASED = "nullif(current_setting('laudo.erasing', true), '')::uuid"
TABLES = ("client_workbooks", "workbook_shapes", "version_workbooks")

WORKBOOKS = """
create table client_workbooks (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  created_by uuid not null,
  file_name varchar(255) not null,
  sha256 varchar(64) not null,
  content bytea not null,
  corrections jsonb not null default '[]',
  mapping jsonb not null,
  constraint pk_client_workbooks primary key (id),
  constraint uq_client_workbooks_tenant_id_id unique (tenant_id, id),
  constraint fk_client_workbooks_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_client_workbooks_tenant_id_created_by foreign key (tenant_id, created_by)
    references accounts (tenant_id, id),
  constraint ck_client_workbooks_own_content
    check (sha256 = encode(sha256(content), 'hex')),
  constraint ck_client_workbooks_corrections_listed check (jsonb_typeof(corrections) = 'array')
)
"""
SHAPES = """
create table workbook_shapes (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  shape varchar(64) not null,
  corrections jsonb not null default '[]',
  constraint pk_workbook_shapes primary key (id),
  constraint uq_workbook_shapes_tenant_id_id unique (tenant_id, id),
  constraint uq_workbook_shapes_tenant_id_shape unique (tenant_id, shape),
  constraint fk_workbook_shapes_tenant_id foreign key (tenant_id) references tenants (id),
  constraint ck_workbook_shapes_corrections_listed check (jsonb_typeof(corrections) = 'array')
)
"""
# The row goes with its draft; a published version is never deleted.
VERSIONS = """
create table version_workbooks (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  version_id uuid not null,
  workbook_id uuid not null,
  places jsonb not null,
  constraint pk_version_workbooks primary key (id),
  constraint uq_version_workbooks_tenant_id_id unique (tenant_id, id),
  constraint uq_version_workbooks_tenant_id_version_id unique (tenant_id, version_id),
  constraint fk_version_workbooks_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_version_workbooks_tenant_id_version_id foreign key (tenant_id, version_id)
    references versions (tenant_id, id) on delete cascade,
  constraint fk_version_workbooks_tenant_id_workbook_id foreign key (tenant_id, workbook_id)
    references client_workbooks (tenant_id, id)
)
"""


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    owner = op.get_bind().exec_driver_sql("select quote_ident(current_user)").scalar()
    for statement in (WORKBOOKS, SHAPES, VERSIONS):
        op.execute(statement)
    # downtime: none, the tables are made just above
    op.execute(
        "create index ix_client_workbooks_tenant_id_created_by on client_workbooks"
        " (tenant_id, created_by)"
    )
    # downtime: none, the tables are made just above
    op.execute(
        "create index ix_version_workbooks_tenant_id_workbook_id on version_workbooks"
        " (tenant_id, workbook_id)"
    )
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(
            f"create policy own_tenant on {table} to laudo_app"
            f" using (tenant_id = {KEY}) with check (tenant_id = {KEY})"
        )
        op.execute(f"create policy erasing on {table} to {owner} using (tenant_id = {ERASED})")
    op.execute(
        "grant select, insert, update (updated_at, corrections, mapping)"
        " on client_workbooks to laudo_app"
    )
    op.execute(
        "grant select, insert, update (updated_at, corrections) on workbook_shapes to laudo_app"
    )
    op.execute("grant select, insert on version_workbooks to laudo_app")


def downgrade() -> None:
    raise NotImplementedError("client workbooks are not taken away; restore a backup instead")
