"""What a save reads and writes, in functions whose plans PostgreSQL keeps for the connection.

Planning took ten times as long as running: a save's reading names eight tables with row level
security. Both functions run with the rights of who calls them, so every policy holds.
"""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"

# Every fact about a photo that a rule may look at is in its line.
READ = """
create function read_saved_field(
  p_tenant uuid, p_report uuid, p_field text, p_with_origin boolean)
returns table (is_stored boolean, value jsonb, comment text, na_reason text, row_version integer,
               answered_by uuid, answered_at timestamptz, answers bigint, versions bigint,
               digest text, lines json, is_signed boolean, has_conflicts boolean,
               origin json)
language plpgsql stable as $$
#variable_conflict use_column
begin
  return query
    select a.id is not null, a.value, a.comment::text, a.na_reason::text, a.row_version,
      a.answered_by, a.answered_at, counted.answers, counted.versions, placed.digest, placed.lines,
      exists (select from public.signatures as s
        where s.tenant_id = p_tenant and s.report_id = p_report),
      exists (select from public.conflicts as k where k.tenant_id = p_tenant
        and k.report_id = p_report and k.field_id = p_field and k.settled_at is null),
      case when p_with_origin then (
        select json_build_array(j.client, j.name, j.address, e.tag, e.name, m.name, t.name,
          t.time_zone)
        from public.reports as r
        join public.projects as j on j.tenant_id = p_tenant and j.id = r.project_id
        join public.accounts as m on m.tenant_id = p_tenant and m.id = r.assignee_id
        join public.tenants as t on t.id = p_tenant
        left join public.equipment as e on e.tenant_id = p_tenant and e.id = r.equipment_id
        where r.tenant_id = p_tenant and r.id = p_report) end
    from (select count(*) as answers, coalesce(sum(n.row_version), 0)::bigint as versions
      from public.answers as n where n.tenant_id = p_tenant and n.report_id = p_report) as counted
    cross join (select coalesce(md5(string_agg(one.line::text, ' ' order by one.id)), '') as digest,
        json_agg(one.line) filter (where one.field_id = p_field) as lines
      from (select p.id, p.field_id, json_build_array(p.field_id, g.verdict, c.state = 'failed',
            o.latitude is not null or g.latitude is not null, p.quarantine_reason,
            p.position_reason, o.sha256) as line
          from public.photo_placements as p
          join public.photos as o on o.tenant_id = p_tenant and o.id = p.photo_id
          left join public.photo_readings as g on g.tenant_id = p_tenant
            and g.photo_id = p.photo_id
          left join public.photo_checks as c on c.tenant_id = p_tenant and c.photo_id = p.photo_id
          where p.tenant_id = p_tenant and p.report_id = p_report and p.removed_at is null
        ) as one) as placed
    left join public.answers as a on a.tenant_id = p_tenant and a.report_id = p_report
      and a.field_id = p_field;
end
$$
"""
# The receipt decides whether anything is written: a client id that is taken stops the rest.
WRITE = """
create function write_saved_answer(
  p_tenant uuid, p_report uuid, p_field text, p_value jsonb, p_comment text, p_na_reason text,
  p_row_version integer, p_answered_by uuid, p_answered_at timestamptz, p_client_at timestamptz,
  p_progress jsonb, p_client_id uuid, p_digest text, p_base_version integer, p_sent_by uuid)
returns timestamptz
language plpgsql volatile as $$
declare received timestamptz := clock_timestamp();
begin
  if p_client_id is not null then
    insert into public.receipts (tenant_id, report_id, client_id, field_id, kind, verdict,
      base_version, row_version, digest, account_id, client_at)
    values (p_tenant, p_report, p_client_id, p_field, 'answer', 'applied', p_base_version,
      p_row_version, p_digest, p_sent_by, p_client_at)
    on conflict do nothing returning created_at into received;
    if not found then
      return null;
    end if;
  end if;
  if p_row_version = 1 then
    insert into public.answers (tenant_id, report_id, field_id, value, comment, na_reason,
      row_version, answered_by, answered_at, client_at)
    values (p_tenant, p_report, p_field, p_value, p_comment, p_na_reason, p_row_version,
      p_answered_by, p_answered_at, p_client_at);
  else
    update public.answers as a set value = p_value, comment = p_comment, na_reason = p_na_reason,
      row_version = p_row_version, answered_by = p_answered_by, answered_at = p_answered_at,
      client_at = p_client_at, updated_at = now()
    where a.tenant_id = p_tenant and a.report_id = p_report and a.field_id = p_field;
    if not found then
      return null;
    end if;
  end if;
  update public.reports as r set updated_at = p_answered_at, progress = p_progress
  where r.tenant_id = p_tenant and r.id = p_report;
  return received;
end
$$
"""


def upgrade() -> None:
    op.execute(READ)
    op.execute(WRITE)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
