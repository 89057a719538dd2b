"""Photos that arrive in parts: the uploads and their parts."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"

KEY = "nullif(current_setting('app.tenant_id', true), '')::uuid"
ERASED = "nullif(current_setting('laudo.erasing', true), '')::uuid"
TABLES = ("photo_uploads", "photo_parts")

UPLOADS = """
create table photo_uploads (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  client_id uuid not null,
  account_id uuid not null,
  report_id uuid not null,
  sha256 varchar(64) not null,
  byte_size bigint not null,
  received bigint not null default 0,
  state varchar(40) not null default 'open',
  media_type varchar(40),
  storage_key varchar(200),
  constraint pk_photo_uploads primary key (id),
  constraint uq_photo_uploads_tenant_id_id unique (tenant_id, id),
  constraint uq_photo_uploads_tenant_id_client_id unique (tenant_id, client_id),
  constraint fk_photo_uploads_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_photo_uploads_tenant_id_account_id foreign key (tenant_id, account_id)
    references accounts (tenant_id, id),
  constraint fk_photo_uploads_tenant_id_report_id foreign key (tenant_id, report_id)
    references reports (tenant_id, id),
  constraint ck_photo_uploads_state_known check (state in ('open', 'complete', 'placed')),
  constraint ck_photo_uploads_own_key check (
    storage_key = 't/' || tenant_id || '/orig/' || coalesce(sha256, '')),
  constraint ck_photo_uploads_within_size check (
    byte_size > 0 and received between 0 and byte_size),
  constraint ck_photo_uploads_whole_if_complete check (
    (state = 'open') = (storage_key is null) and (state = 'open') = (media_type is null)
    and (state = 'open' or received = byte_size))
)
"""
PARTS = """
create table photo_parts (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  upload_id uuid not null,
  first_byte bigint not null,
  byte_size bigint not null,
  storage_key varchar(200) not null,
  constraint pk_photo_parts primary key (id),
  constraint uq_photo_parts_tenant_id_id unique (tenant_id, id),
  constraint uq_photo_parts_tenant_id_upload_id_first_byte
    unique (tenant_id, upload_id, first_byte),
  constraint fk_photo_parts_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_photo_parts_tenant_id_upload_id foreign key (tenant_id, upload_id)
    references photo_uploads (tenant_id, id),
  constraint ck_photo_parts_own_key check (
    starts_with(storage_key, 't/' || tenant_id || '/parts/'))
)
"""


def upgrade() -> None:
    owner = op.get_bind().exec_driver_sql("select quote_ident(current_user)").scalar()
    op.execute(UPLOADS)
    op.execute(PARTS)
    # downtime: none, the table is made just above
    op.execute(
        "create index ix_photo_uploads_waiting on photo_uploads (tenant_id, account_id)"
        " include (received) where state <> 'placed'"
    )
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(
            f"create policy own_tenant on {table} to laudo_app"
            f" using (tenant_id = {KEY}) with check (tenant_id = {KEY})"
        )
        op.execute(f"create policy erasing on {table} to {owner} using (tenant_id = {ERASED})")
    op.execute("grant select, insert, update, delete on photo_uploads to laudo_app")
    op.execute("grant select, insert, delete on photo_parts to laudo_app")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
