"""Corrections of completed reports: what was carried from the older revision, one open at a time."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0030"
down_revision = "0029"

INVALID = text("select 1 from pg_index where indexrelid = to_regclass(:name) and not indisvalid")

COLUMNS = """
alter table answers add column carried_from uuid;
alter table photo_placements add column carried_from uuid;
alter table tenants add column technicians_correct boolean not null default true;
grant update (technicians_correct) on tenants to laudo_app;
"""
# The columns are new, so no row has a value to look up.
CARRIED = ("answers", "photo_placements")

NAMED = """
alter table reports add constraint ck_reports_revision_names_older check (
  (revision = 0) = (revision_of is null) and (revision = 0) = (revision_reason is null)
) not valid;
alter table reports validate constraint ck_reports_revision_names_older;
"""

# One open revision of a number, and one valid successor of a completed report: two corrections at
# once cannot both pass, whatever the application has read before.
INDEXES = {
    "uq_reports_tenant_id_number_open": "create unique index concurrently if not exists"
    " uq_reports_tenant_id_number_open on reports (tenant_id, number)"
    " where discarded_at is null and completed_at is null",
    "uq_reports_tenant_id_revision_of_completed": "create unique index concurrently if not exists"
    " uq_reports_tenant_id_revision_of_completed on reports (tenant_id, revision_of)"
    " where revision_of is not null and completed_at is not null",
    # For the foreign keys, when a company is erased.
    "ix_answers_tenant_id_carried_from": "create index concurrently if not exists"
    " ix_answers_tenant_id_carried_from on answers (tenant_id, carried_from)"
    " where carried_from is not null",
    "ix_photo_placements_tenant_id_carried_from": "create index concurrently if not exists"
    " ix_photo_placements_tenant_id_carried_from on photo_placements (tenant_id, carried_from)"
    " where carried_from is not null",
}

FUNCTIONS = """
-- A revision corrects a completed report of the same number, and comes after it.
create function guard_revision() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if not exists (
      select from public.reports o where o.tenant_id = new.tenant_id and o.id = new.revision_of
      and o.number = new.number and o.revision < new.revision
      and o.status in ('completed', 'archived')) then
    raise insufficient_privilege using
      message = format('report %s-R%s corrects no completed report of its number',
        new.number, new.revision);
  end if;
  return new;
end
$$;

-- What is said to be carried comes from the revision that the report corrects: the answer from the
-- same field, the placement with the same photo.
create function guard_carried() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
declare
  is_there boolean;
begin
  if tg_table_name = 'answers' then
    select exists (select from public.answers o join public.reports r
      on r.tenant_id = o.tenant_id and r.revision_of = o.report_id
      where o.tenant_id = new.tenant_id and o.id = new.carried_from and r.id = new.report_id
      and (o.field_id, o.block_key) = (new.field_id, new.block_key)) into is_there;
  else
    select exists (select from public.photo_placements o join public.reports r
      on r.tenant_id = o.tenant_id and r.revision_of = o.report_id
      where o.tenant_id = new.tenant_id and o.id = new.carried_from and r.id = new.report_id
      and o.photo_id = new.photo_id and o.removed_at is null) into is_there;
  end if;
  if not is_there then
    raise insufficient_privilege using message =
      format('%s are carried from the revision that the report corrects', tg_table_name);
  end if;
  return new;
end
$$;
"""

# The old text of a function and the new one.
STAYS_IN_FIELD = "if tg_table_name in ('answers', 'conflicts') then"
STAYS_CARRIED = """if tg_table_name in ('answers', 'photo_placements') then
      if new.carried_from is distinct from old.carried_from then
        raise insufficient_privilege using
          message = format('%s stay carried from where they were', tg_table_name);
      end if;
    end if;
    """
REASON = (
    (
        "new.revision_of,\n      new.version_id",
        "new.revision_of, new.revision_reason,\n      new.version_id",
    ),
    ("old.revision_of, old.version_id", "old.revision_of, old.revision_reason, old.version_id"),
)


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    op.execute(COLUMNS)
    for table in CARRIED:
        name = f"fk_{table}_tenant_id_carried_from"
        op.execute(
            f"alter table {table} add constraint {name} foreign key (tenant_id, carried_from)"
            f" references {table} (tenant_id, id) not valid"
        )
        op.execute(f"alter table {table} validate constraint {name}")
    op.execute(NAMED)
    op.execute(FUNCTIONS)
    _replace("guard_report_content()", (STAYS_IN_FIELD, STAYS_CARRIED + STAYS_IN_FIELD))
    _replace("guard_report()", *REASON)
    _trigger("reports", "revision", "guard_revision", "new.revision_of is not null")
    for table in CARRIED:
        _trigger(table, "carried", "guard_carried", "new.carried_from is not null")
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = '5s'")
        for name, statement in INDEXES.items():
            _drop_half_made(name)
            op.execute(statement)


def _replace(function: str, *changes: tuple[str, str]) -> None:
    """Change these lines of the function and nothing else: other migrations change others."""
    source = op.get_bind().scalar(
        text("select pg_get_functiondef(cast(:name as regprocedure))"), {"name": function}
    )
    for old, new in changes:
        assert old in source, f"{function} has no {old!r}"
        source = source.replace(old, new)
    # As a parameter of no statement: the text of the function has percent signs.
    op.get_bind().exec_driver_sql(source.replace("%", "%%"))


def _trigger(table: str, name: str, function: str, condition: str) -> None:
    op.execute(
        f"create trigger {table}_{name} before insert on {table}"
        f" for each row when ({condition}) execute function {function}()"
    )
    # ALWAYS: a session in replica mode would otherwise step around it.
    op.execute(f"alter table {table} enable always trigger {table}_{name}")


def _drop_half_made(name: str) -> None:
    """What a failed try left: `if not exists` would take it for good, and no query ever uses it."""
    if op.get_bind().scalar(INVALID, {"name": name}):
        op.execute(f"drop index concurrently {name}")


def downgrade() -> None:
    raise NotImplementedError("evidence rules are not taken away; restore a backup instead")
