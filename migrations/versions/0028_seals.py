"""Seals of finished PDFs: their certificates, the keys of companies, and time stamps."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"

KEY = "nullif(current_setting('app.tenant_id', true), '')::uuid"
ERASED = "nullif(current_setting('laudo.erasing', true), '')::uuid"
TABLES = ("seal_certificates", "seal_keys", "document_stamps")

CERTIFICATES = """
create table seal_certificates (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  fingerprint varchar(64) not null,
  subject varchar not null,
  issuer varchar not null,
  valid_from timestamptz not null,
  valid_until timestamptz not null,
  pem varchar not null,
  constraint pk_seal_certificates primary key (id),
  constraint uq_seal_certificates_tenant_id_id unique (tenant_id, id),
  constraint uq_seal_certificates_tenant_id_fingerprint unique (tenant_id, fingerprint),
  constraint fk_seal_certificates_tenant_id foreign key (tenant_id) references tenants (id)
)
"""
# The sealer encrypts `wrapped`; whoever reads this table reads no key.
KEYS = """
create table seal_keys (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  fingerprint varchar(64) not null,
  wrapped varchar not null,
  retired_at timestamptz,
  constraint pk_seal_keys primary key (id),
  constraint uq_seal_keys_tenant_id_id unique (tenant_id, id),
  constraint fk_seal_keys_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_seal_keys_tenant_id_fingerprint foreign key (tenant_id, fingerprint)
    references seal_certificates (tenant_id, fingerprint)
)
"""
STAMPS = """
create table document_stamps (
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
  document_id uuid not null,
  storage_key varchar(200),
  sha256 varchar(64),
  byte_size bigint,
  stamped_at timestamptz,
  authority varchar,
  constraint pk_document_stamps primary key (id),
  constraint uq_document_stamps_tenant_id_id unique (tenant_id, id),
  constraint uq_document_stamps_tenant_id_document_id unique (tenant_id, document_id),
  constraint fk_document_stamps_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_document_stamps_tenant_id_document_id foreign key (tenant_id, document_id)
    references documents (tenant_id, id),
  constraint ck_document_stamps_state_known check (
    state in ('queued', 'running', 'done', 'failed')),
  constraint ck_document_stamps_own_key check (
    storage_key = 't/' || tenant_id || '/stamp/' || coalesce(sha256, '') || '.tsr'),
  constraint ck_document_stamps_done_has_token check (
    (state <> 'done' or storage_key is not null) and num_nonnulls(
      storage_key, sha256, byte_size, stamped_at, authority) in (0, 5))
)
"""
# The release before makes final PDFs without a seal, so a seal is not required here. Migration 0033
# requires it of companies that have a sealed PDF.
SEALED = """
num_nonnulls(sealed_at, seal_fingerprint) in (0, 2)
  and (sealed_at is null or (sha256 is not null and not is_preview))
"""
GUARD = """
-- A time stamp belongs to one PDF for ever; once done, it is written once and for all.
create function guard_document_stamp() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if tg_op = 'DELETE' then
    if public.is_erasing(tg_relid, old.tenant_id) then
      return old;
    end if;
    raise insufficient_privilege using message = 'document_stamps are never deleted';
  end if;
  if old.state = 'done' then
    raise insufficient_privilege using
      message = format('time stamp %s is done and cannot change', old.id);
  end if;
  if (new.id, new.tenant_id, new.document_id, new.created_at)
      is distinct from (old.id, old.tenant_id, old.document_id, old.created_at) then
    raise insufficient_privilege using message = 'document_stamps stay with their document';
  end if;
  return new;
end
$$;

-- A key may be retired and nothing else; it is never taken back into use.
create function guard_seal_key() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if tg_op = 'DELETE' then
    if public.is_erasing(tg_relid, old.tenant_id) then
      return old;
    end if;
    raise insufficient_privilege using message = 'seal_keys are never deleted';
  end if;
  if old.retired_at is not null
     or to_jsonb(new) - array['retired_at', 'updated_at']
        is distinct from to_jsonb(old) - array['retired_at', 'updated_at'] then
    raise insufficient_privilege using message = 'a seal key can only be retired';
  end if;
  return new;
end
$$;
"""


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    owner = op.get_bind().exec_driver_sql("select quote_ident(current_user)").scalar()
    for statement in (CERTIFICATES, KEYS, STAMPS, GUARD):
        op.execute(statement)
    _indexes()
    _seal_documents()
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(
            f"create policy own_tenant on {table} to laudo_app"
            f" using (tenant_id = {KEY}) with check (tenant_id = {KEY})"
        )
        op.execute(f"create policy erasing on {table} to {owner} using (tenant_id = {ERASED})")
        _trigger(table, "no_truncate", "before truncate", "refuse_change", each="statement")
    op.execute(f"create policy owner_look_up on document_stamps to {owner} using (true)")
    _trigger(
        "seal_certificates", "insert_only", "before update or delete", "refuse_change", each="row"
    )
    _trigger("seal_keys", "guard", "before update or delete", "guard_seal_key", each="row")
    _trigger(
        "document_stamps", "guard", "before update or delete", "guard_document_stamp", each="row"
    )
    op.execute("grant select, insert on seal_certificates to laudo_app")
    op.execute("grant select, insert, update on seal_keys, document_stamps to laudo_app")
    op.execute(
        "insert into work_kinds (name, table_name) values ('document_stamp', 'document_stamps')"
    )


def _indexes() -> None:
    # downtime: none, the tables are made just above
    op.execute("create index ix_document_stamps_due on document_stamps (state, lease_until)")
    # downtime: none, the tables are made just above
    op.execute(
        "create index ix_document_stamps_served on document_stamps (tenant_id, finished_at)"
        " where finished_at is not null"
    )
    # downtime: none, the tables are made just above
    op.execute(
        "create unique index uq_document_stamps_one_open on document_stamps"
        " (tenant_id, document_id) where state in ('queued', 'running')"
    )
    # downtime: none, the tables are made just above
    op.execute(
        "create unique index uq_seal_keys_one_live on seal_keys (tenant_id)"
        " where retired_at is null"
    )


def _seal_documents() -> None:
    op.execute(
        "alter table documents add column sealed_at timestamptz,"
        " add column seal_fingerprint varchar(64)"
    )
    op.execute(
        f"alter table documents add constraint ck_documents_sealed check ({SEALED}) not valid"
    )
    op.execute("alter table documents validate constraint ck_documents_sealed")
    name = "fk_documents_tenant_id_seal_fingerprint"
    op.execute(
        f"alter table documents add constraint {name} foreign key (tenant_id, seal_fingerprint)"
        " references seal_certificates (tenant_id, fingerprint) not valid"
    )
    op.execute(f"alter table documents validate constraint {name}")


def _trigger(table: str, name: str, when: str, function: str, *, each: str) -> None:
    op.execute(
        f"create trigger {table}_{name} {when} on {table}"
        f" for each {each} execute function {function}()"
    )
    # ALWAYS: a session in replica mode would otherwise step around it.
    op.execute(f"alter table {table} enable always trigger {table}_{name}")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
