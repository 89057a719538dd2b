"""Photos that show the same picture: what each is found by, what was found, and the work of it."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0035"
down_revision = "0034"

KEY = "nullif(current_setting('app.tenant_id', true), '')::uuid"
ERASED = "nullif(current_setting('laudo.erasing', true), '')::uuid"
INSERT_ONLY = ("photo_features", "photo_likenesses")
TABLES = (*INSERT_ONLY, "photo_comparisons")

FEATURES = """
create table photo_features (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  photo_id uuid not null,
  recipe varchar(40) not null,
  words bigint[] not null,
  constraint pk_photo_features primary key (id),
  constraint uq_photo_features_tenant_id_id unique (tenant_id, id),
  constraint uq_photo_features_tenant_id_photo_id_recipe unique (tenant_id, photo_id, recipe),
  constraint fk_photo_features_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_photo_features_tenant_id_photo_id foreign key (tenant_id, photo_id)
    references photos (tenant_id, id)
)
"""
LIKENESSES = """
create table photo_likenesses (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  photo_id uuid not null,
  earlier_id uuid not null,
  kind varchar(40) not null,
  pairs integer not null,
  agreement numeric(4, 3) not null,
  constraint pk_photo_likenesses primary key (id),
  constraint uq_photo_likenesses_tenant_id_id unique (tenant_id, id),
  constraint uq_photo_likenesses_tenant_id_photo_id_earlier_id
    unique (tenant_id, photo_id, earlier_id),
  constraint fk_photo_likenesses_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_photo_likenesses_tenant_id_photo_id foreign key (tenant_id, photo_id)
    references photos (tenant_id, id),
  constraint fk_photo_likenesses_tenant_id_earlier_id foreign key (tenant_id, earlier_id)
    references photos (tenant_id, id),
  constraint ck_photo_likenesses_kind_known check (kind in ('same', 'alike')),
  constraint ck_photo_likenesses_two_photos check (photo_id <> earlier_id)
)
"""
COMPARISONS = """
create table photo_comparisons (
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
  photo_id uuid not null,
  constraint pk_photo_comparisons primary key (id),
  constraint uq_photo_comparisons_tenant_id_id unique (tenant_id, id),
  constraint uq_photo_comparisons_tenant_id_photo_id unique (tenant_id, photo_id),
  constraint fk_photo_comparisons_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_photo_comparisons_tenant_id_photo_id foreign key (tenant_id, photo_id)
    references photos (tenant_id, id),
  constraint ck_photo_comparisons_state_known check (
    state in ('queued', 'running', 'done', 'failed'))
)
"""
# The words of companies are mixed with their ids, so that a look into the index passes over the
# rows of others.
FUNCTION = f"""
-- The photos of the bound company that share words with those asked for, at least so many. First
-- those that share words which few others have: letters, for one, look the same everywhere.
-- Runs as the owner: under row-level security an operator that is not marked leakproof, as those of
-- arrays, may not look into an index before the policy has seen every row. So the company's key is
-- asked for here, in the words of the policy; ids go out, and what they name is read under it.
create function find_photos_by_words(p_words bigint[], p_least integer, p_most integer)
returns table (photo_id uuid, weight numeric)
language sql stable security definer set search_path = pg_catalog, public
-- What the planner thinks of thousands of words is no guide.
set enable_seqscan = off as $$
  with shared as (
    select f.photo_id, own.word
    from public.photo_features f
      cross join lateral unnest(f.words) as own (word)
      join (select distinct one.word from unnest(p_words) as one (word)) as asked
        on asked.word = own.word
    -- "is not distinct" keeps the planner from reading all rows of the company by another index.
    where f.words && p_words and f.tenant_id is not distinct from {KEY} and {KEY} is not null
  ), common as (
    select s.word, count(*) as photos from shared s group by s.word
  )
  select s.photo_id, sum(1.0 / c.photos)
  from shared s join common c on c.word = s.word
  group by s.photo_id
  having count(*) >= greatest(p_least, 1)
  order by 2 desc, s.photo_id
  limit least(greatest(p_most, 0), 100)
$$
"""
ARGUMENTS = "find_photos_by_words(bigint[], integer, integer)"
SHA256 = "ix_photos_tenant_id_sha256"
INVALID = text("select 1 from pg_index where indexrelid = to_regclass(:name) and not indisvalid")


def upgrade() -> None:
    _index_hashes()
    op.execute("set lock_timeout = '5s'")
    owner = op.get_bind().exec_driver_sql("select quote_ident(current_user)").scalar()
    for statement in (FEATURES, LIKENESSES, COMPARISONS):
        op.execute(statement)
    _indexes()
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(
            f"create policy own_tenant on {table} to laudo_app"
            f" using (tenant_id = {KEY}) with check (tenant_id = {KEY})"
        )
        op.execute(f"create policy erasing on {table} to {owner} using (tenant_id = {ERASED})")
    for table in INSERT_ONLY:
        _trigger(table, "insert_only", "before update or delete", each="row")
        _trigger(table, "no_truncate", "before truncate", each="statement")
    # Where the owner lacks BYPASSRLS, FORCE would hide the rows from its functions.
    for table in ("photo_features", "photo_comparisons"):
        op.execute(f"create policy owner_look_up on {table} to {owner} using (true)")
    op.execute("grant select, insert on photo_features, photo_likenesses to laudo_app")
    op.execute("grant select, insert, update on photo_comparisons to laudo_app")
    op.execute(FUNCTION)
    op.execute(f"revoke execute on function {ARGUMENTS} from public")
    op.execute(f"grant execute on function {ARGUMENTS} to laudo_app")
    op.execute(
        "insert into work_kinds (name, table_name) values ('photo_comparison', 'photo_comparisons')"
    )
    op.execute("alter table photos add column if not exists is_hash_confirmed boolean")


def _index_hashes() -> None:
    """The photos with the same bytes."""
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = '5s'")
        # What a failed try left: `if not exists` would take it for good.
        if op.get_bind().scalar(INVALID, {"name": SHA256}):
            op.execute(f"drop index concurrently {SHA256}")
        op.execute(
            f"create index concurrently if not exists {SHA256} on photos (tenant_id, sha256)"
        )


def _indexes() -> None:
    # downtime: none, the table is made just above
    op.execute("create index ix_photo_features_words on photo_features using gin (words)")
    # downtime: none, the table is made just above
    op.execute("create index ix_photo_comparisons_due on photo_comparisons (state, lease_until)")
    # downtime: none, the table is made just above
    op.execute(
        "create index ix_photo_comparisons_served on photo_comparisons (tenant_id, finished_at)"
        " where finished_at is not null"
    )


def _trigger(table: str, name: str, when: str, *, each: str) -> None:
    op.execute(
        f"create trigger {table}_{name} {when} on {table}"
        f" for each {each} execute function refuse_change()"
    )
    # ALWAYS: a session in replica mode would otherwise step around it.
    op.execute(f"alter table {table} enable always trigger {table}_{name}")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
