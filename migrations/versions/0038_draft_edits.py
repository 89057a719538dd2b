"""The edits of checklist drafts, so that they can be undone and two people can edit one draft."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"

KEY = "nullif(current_setting('app.tenant_id', true), '')::uuid"
ERASED = "nullif(current_setting('laudo.erasing', true), '')::uuid"

TABLE = """
create table draft_edits (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  version_id uuid not null,
  number integer not null,
  account_id uuid not null,
  editor varchar(40) not null,
  state varchar(40) not null,
  changes jsonb not null,
  targets jsonb not null,
  constraint pk_draft_edits primary key (id),
  constraint uq_draft_edits_tenant_id_id unique (tenant_id, id),
  constraint uq_draft_edits_tenant_id_version_id_number unique (tenant_id, version_id, number),
  constraint fk_draft_edits_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_draft_edits_tenant_id_version_id foreign key (tenant_id, version_id)
    references versions (tenant_id, id) on delete cascade,
  constraint fk_draft_edits_tenant_id_account_id foreign key (tenant_id, account_id)
    references accounts (tenant_id, id),
  constraint ck_draft_edits_number_positive check (number >= 1),
  constraint ck_draft_edits_state_known check (state in ('done', 'undone', 'dropped', 'fixed'))
)
"""


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    owner = op.get_bind().exec_driver_sql("select quote_ident(current_user)").scalar()
    op.execute(TABLE)
    op.execute("alter table draft_edits enable row level security")
    op.execute("alter table draft_edits force row level security")
    op.execute(
        "create policy own_tenant on draft_edits to laudo_app"
        f" using (tenant_id = {KEY}) with check (tenant_id = {KEY})"
    )
    op.execute(f"create policy erasing on draft_edits to {owner} using (tenant_id = {ERASED})")
    op.execute("grant select, insert, update on draft_edits to laudo_app")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
