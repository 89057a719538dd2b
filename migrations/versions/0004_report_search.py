"""Words of reports and tags, folded, so that a search needs neither accents nor capitals."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

# Decomposed, stripped of combining marks, in small letters: built-in functions alone, the same
# in every locale, so that a generated column may use it and a backup restores without extensions.
FOLD = r"""
create function fold_words(words text) returns text
language sql immutable strict parallel safe set search_path = pg_catalog as $$
  select lower(regexp_replace(normalize(words, NFKD), '[\u0300-\u036f]', '', 'g'))
$$;
"""

# As in 0003, with the generated column among what archiving may see differ: before a trigger it
# is not computed yet.
GUARD = """
create or replace function guard_report() returns trigger
language plpgsql as $$
declare
  free text[] := array['status', 'archived_at', 'updated_at', 'search_words'];
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
"""


def upgrade() -> None:
    op.execute(FOLD)
    op.execute(GUARD)
    # Rewrites both tables, about a second for 200,000 reports, and locks them meanwhile: a
    # release of this size is announced. Later ones follow docs/migrations.md.
    op.execute(
        "alter table reports add column search_words text not null"
        " generated always as (fold_words(number || ' ' || title)) stored"
    )
    op.execute(
        "alter table equipment add column search_words text not null"
        " generated always as (fold_words(tag)) stored"
    )
    # What the list sorts by and counts: the newest page without reading the others.
    op.execute(
        "create index ix_reports_tenant_id_listed on reports (tenant_id, updated_at desc, id)"
        " where discarded_at is null"
    )
    op.execute("drop index ix_reports_tenant_id_updated_at")
    op.execute(
        "create index ix_reports_tenant_id_titled on reports (tenant_id, lower(title), id)"
        " where discarded_at is null"
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
