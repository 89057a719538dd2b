"""Reviews of submitted reports: who reviews, the rounds, and the comments at the questions."""

from __future__ import annotations

import re

from alembic import op

revision = "0031"
down_revision = "0030"

KEY = "nullif(current_setting('app.tenant_id', true), '')::uuid"
ERASED = "nullif(current_setting('laudo.erasing', true), '')::uuid"
TABLES = ("reviews", "review_comments")
MAILS = "ck_mails_kind_known"

REVIEWS = """
create table reviews (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  report_id uuid not null,
  round integer not null,
  step integer not null,
  steps jsonb not null,
  named_id uuid,
  state varchar(40) not null default 'waiting',
  reviewer_id uuid,
  submitted_by uuid not null,
  waiting_since timestamptz not null,
  begun_at timestamptz,
  closed_at timestamptz,
  accepted jsonb not null default '[]',
  constraint pk_reviews primary key (id),
  constraint uq_reviews_tenant_id_id unique (tenant_id, id),
  constraint uq_reviews_tenant_id_report_id_round_step unique (tenant_id, report_id, round, step),
  constraint fk_reviews_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_reviews_tenant_id_report_id foreign key (tenant_id, report_id)
    references reports (tenant_id, id),
  constraint fk_reviews_tenant_id_named_id foreign key (tenant_id, named_id)
    references accounts (tenant_id, id),
  constraint fk_reviews_tenant_id_reviewer_id foreign key (tenant_id, reviewer_id)
    references accounts (tenant_id, id),
  constraint fk_reviews_tenant_id_submitted_by foreign key (tenant_id, submitted_by)
    references accounts (tenant_id, id),
  constraint ck_reviews_state_known
    check (state in ('waiting', 'begun', 'returned', 'approved', 'withdrawn')),
  constraint ck_reviews_counted check (round >= 1 and step >= 1),
  constraint ck_reviews_begun check (
    num_nonnulls(reviewer_id, begun_at) in (0, 2)
    and (begun_at is null) = (state in ('waiting', 'withdrawn'))),
  constraint ck_reviews_closed check ((closed_at is null) = (state in ('waiting', 'begun')))
)
"""
COMMENTS = """
create table review_comments (
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  tenant_id uuid not null,
  report_id uuid not null,
  review_id uuid not null,
  field_id varchar(80) not null,
  block_key varchar(80) not null default '',
  words varchar(2000) not null,
  author_id uuid not null,
  reply varchar(2000) not null default '',
  replied_by uuid,
  replied_at timestamptz,
  done_by uuid,
  done_at timestamptz,
  constraint pk_review_comments primary key (id),
  constraint uq_review_comments_tenant_id_id unique (tenant_id, id),
  constraint fk_review_comments_tenant_id foreign key (tenant_id) references tenants (id),
  constraint fk_review_comments_tenant_id_report_id foreign key (tenant_id, report_id)
    references reports (tenant_id, id),
  constraint fk_review_comments_tenant_id_review_id foreign key (tenant_id, review_id)
    references reviews (tenant_id, id),
  constraint fk_review_comments_tenant_id_author_id foreign key (tenant_id, author_id)
    references accounts (tenant_id, id),
  constraint fk_review_comments_tenant_id_replied_by foreign key (tenant_id, replied_by)
    references accounts (tenant_id, id),
  constraint fk_review_comments_tenant_id_done_by foreign key (tenant_id, done_by)
    references accounts (tenant_id, id),
  constraint ck_review_comments_said check (words <> ''),
  constraint ck_review_comments_replied check (
    num_nonnulls(replied_by, replied_at) = case when reply = '' then 0 else 2 end),
  constraint ck_review_comments_done check (num_nonnulls(done_by, done_at) in (0, 2))
)
"""
INDEXES = (
    # downtime: none, the table is made just above
    "create unique index uq_reviews_one_open on reviews (tenant_id, report_id)"
    " where closed_at is null",
    # downtime: none, the table is made just above
    "create index ix_reviews_waiting on reviews (tenant_id, waiting_since) where closed_at is null",
    # downtime: none, the table is made just above
    "create index ix_review_comments_tenant_id_report_id on review_comments"
    " (tenant_id, report_id, created_at)",
)
# A round is about a report that is not finished; once it is closed, it stays as it is. Comments are
# answered while the report is open again, and what was said never changes.
GUARD = """
create function guard_review() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
declare
  report_status text;
  free text[] := case tg_table_name
    when 'reviews' then
      array['updated_at', 'state', 'reviewer_id', 'begun_at', 'closed_at', 'accepted']
    else array['updated_at', 'reply', 'replied_by', 'replied_at', 'done_by', 'done_at'] end;
begin
  if tg_op = 'DELETE' then
    if public.is_erasing(tg_relid, old.tenant_id) then
      return old;
    end if;
    raise insufficient_privilege using message = format('%s are never deleted', tg_table_name);
  end if;
  if tg_op = 'UPDATE' then
    if to_jsonb(new) - free is distinct from to_jsonb(old) - free then
      raise insufficient_privilege using
        message = format('what %s are about cannot change', tg_table_name);
    end if;
    if tg_table_name = 'reviews' and to_jsonb(old) ->> 'closed_at' is not null then
      raise insufficient_privilege using message = 'a closed review cannot change';
    end if;
  end if;
  -- The share lock makes this wait for an approval that is under way.
  select r.status into report_status from public.reports r
    where r.tenant_id = new.tenant_id and r.id = new.report_id for share;
  if report_status in ('completed', 'archived') then
    raise insufficient_privilege using
      message = format('%s of a %s report cannot change', tg_table_name, report_status);
  end if;
  return new;
end
$$
"""
RULES = (
    "alter table tenants add column may_approve_own boolean not null default false",
    "grant update (may_approve_own) on tenants to laudo_app",
    "alter table checklists add column review_steps jsonb not null default '[]'",
    "alter table projects add column review_steps jsonb",
)


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    owner = op.get_bind().exec_driver_sql("select quote_ident(current_user)").scalar()
    op.execute(REVIEWS)
    op.execute(COMMENTS)
    for index in INDEXES:
        op.execute(index)
    op.get_bind().exec_driver_sql(GUARD.replace("%", "%%"))
    for table in TABLES:
        _lock(table, owner)
        _trigger(table, "guard", "before insert or update or delete", "guard_review", each="row")
        _trigger(table, "no_truncate", "before truncate", "refuse_change", each="statement")
    for rule in RULES:
        op.execute(rule)
    _admit("review_waiting", "report_returned")


def _lock(table: str, owner: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(
        f"create policy own_tenant on {table} to laudo_app"
        f" using (tenant_id = {KEY}) with check (tenant_id = {KEY})"
    )
    op.execute(f"create policy erasing on {table} to {owner} using (tenant_id = {ERASED})")
    op.execute(f"grant select, insert, update on {table} to laudo_app")


def _trigger(table: str, name: str, when: str, function: str, *, each: str) -> None:
    op.execute(
        f"create trigger {table}_{name} {when} on {table}"
        f" for each {each} execute function {function}()"
    )
    # ALWAYS: a session in replica mode would otherwise step around it.
    op.execute(f"alter table {table} enable always trigger {table}_{name}")


def _admit(*kinds: str) -> None:
    """Let mails have more kinds, whichever they may have already."""
    held = op.get_bind().exec_driver_sql(
        "select pg_get_constraintdef(oid) from pg_constraint"
        f" where conname = '{MAILS}' and conrelid = 'mails'::regclass"
    )
    values = {*re.findall(r"'(\w+)'::", held.scalar_one()), *kinds}
    listed = ", ".join(f"'{one}'" for one in sorted(values))
    op.execute(f"alter table mails drop constraint {MAILS}")
    op.execute(f"alter table mails add constraint {MAILS} check (kind in ({listed})) not valid")
    op.execute(f"alter table mails validate constraint {MAILS}")


def downgrade() -> None:
    raise NotImplementedError("evidence rules are not taken away; restore a backup instead")
