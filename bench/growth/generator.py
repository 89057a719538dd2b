"""Companies with reports, answers, receipts and their audit, made by SQL.

Each company has the same number of reports, so a database grows by companies. The triggers that are
always on stay on: entries are chained one by one, and content is written before its report is
submitted.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from uuid import UUID

import psycopg2
from psycopg2 import extensions

PEOPLE = 10
# An entry moves its chain's head, a row of which each transaction keeps all versions: a transaction
# of many entries would take ever longer for one more.
REPORTS_AT_ONCE = 10

COMPANY = """
insert into tenants (name, slug) values ('Growth ' || %(number)s, 'growth-' || %(number)s)
  returning id
"""
FURNITURE = """
insert into accounts (tenant_id, email, name, role, password_hash)
  select %(tenant)s, 'p' || n || '@' || %(number)s || '.growth.test', 'Person ' || n,
    case when n = 1 then 'admin' when n = 2 then 'manager' else 'technician' end, 'x'
  from generate_series(1, %(people)s) n;
insert into projects (tenant_id, name)
  select %(tenant)s, 'Subestação ' || n from generate_series(1, 5) n;
with made as (
  insert into checklists (tenant_id, code, name, status, last_report_number)
    values (%(tenant)s, 'GROWTH', 'Growth', 'published', %(reports)s) returning id)
insert into versions (tenant_id, checklist_id, number, body, published_at)
  select %(tenant)s, made.id, 1, v.body, now() from made, versions v where v.id = %(version)s;
insert into reports (tenant_id, project_id, version_id, number, title, status, started_by,
    assignee_id, started_at, created_at, updated_at)
  select %(tenant)s, p.ids[1 + n %% 5], (select id from versions where tenant_id = %(tenant)s),
    'GROWTH-' || lpad(n::text, 6, '0'),
    (array['Energização do quadro', 'Transformer test', 'Inspeção de cabos'])[1 + n %% 3]
      || ' ' || n, 'in_progress', a.ids[1 + n %% %(people)s], a.ids[1 + n %% %(people)s],
    now() - n * interval '1 hour', now() - n * interval '1 hour', now() - n * interval '1 hour'
  from generate_series(1, %(reports)s) n,
    (select array_agg(id) ids from projects where tenant_id = %(tenant)s) p,
    (select array_agg(id) ids from accounts where tenant_id = %(tenant)s) a;
insert into answers (tenant_id, report_id, field_id, value, answered_by, answered_at, client_at)
  select r.tenant_id, r.id, f, to_jsonb('as built, measured ' || md5(r.id::text || f)),
    r.started_by, r.started_at, r.started_at
  from reports r, unnest(%(fields)s) f where r.tenant_id = %(tenant)s;
insert into receipts (tenant_id, report_id, client_id, field_id, row_version, digest)
  select tenant_id, report_id, md5(id::text)::uuid, field_id, 1,
    encode(sha256(convert_to(id::text, 'UTF8')), 'hex')
  from answers where tenant_id = %(tenant)s;
"""
# As app/evidence/service.py writes it: canonical JSON, keys in order.
AUDIT = """
insert into audit_entries (tenant_id, action, object_type, object_id, actor_id, body)
  select r.tenant_id, e.action, 'report', r.id, r.started_by,
    '{"action":"' || e.action || '","actor":{"id":"' || r.started_by
      || '","ip":"10.0.0.1","name":"Person 3","request":"' || md5(e.place::text || r.id)
      || '","role":"technician"},"facts":' || e.facts || ',"object":{"id":"' || r.id
      || '","type":"report"}}'
  from (
    select * from reports where tenant_id = %(tenant)s order by number
    limit %(most)s offset %(done)s) r
  cross join lateral (
    select 0 as place, 'report.started' as action,
      '{"number":' || to_json(r.number) || ',"revision":"0"}' as facts
    union all
    select row_number() over (order by a.field_id), 'answer.saved',
      '{"client_at":"2026-06-01T12:00:00+00:00","client_id":"' || md5(a.id::text)::uuid
      || '","field":"' || a.field_id || '","new":{"comment":"","na_reason":"","value":' || a.value
      || '},"new_version":"1","number":' || to_json(r.number)
      || ',"old":{"comment":"","na_reason":"","value":null},"old_version":"0","revision":"0"}'
    from answers a where a.tenant_id = r.tenant_id and a.report_id = r.id) e
  order by r.number, e.place
"""
# Three in ten stay open.
SUBMIT = """
update reports set status = 'submitted', submitted_at = started_at + interval '2 hours'
  where tenant_id = %(tenant)s and right(number, 1) not in ('0', '4', '8')
"""


def grow(
    owner_dsn: str,
    *,
    first: int,
    companies: int,
    reports: int,
    version_id: UUID,
    fields: list[str],
    say: Callable[[str], None] = lambda _words: None,
) -> str:
    """Add companies from number `first` on, each with `reports` reports of all `fields` answered.

    `owner_dsn` is a superuser's; `version_id` is a published version. Returns the e-mail of the
    first company's admin (no password).
    """
    with closing(psycopg2.connect(owner_dsn)) as connection:
        with connection, connection.cursor() as cursor:
            # Foreign keys are right by construction; triggers that are ALWAYS on stay on.
            cursor.execute("set session_replication_role = replica; set synchronous_commit = off")
        for number in range(first, first + companies):
            _company(
                connection,
                {
                    "number": str(number),
                    "people": PEOPLE,
                    "reports": reports,
                    "version": str(version_id),
                    "fields": fields,
                },
            )
            say(f"company {number}")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("vacuum analyze")
    return f"p1@{first}.growth.test"


def _company(connection: extensions.connection, values: dict[str, object]) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(COMPANY, values)
        (values["tenant"],) = cursor.fetchone() or (None,)
        cursor.execute(FURNITURE, values)
    for done in range(0, int(str(values["reports"])), REPORTS_AT_ONCE):
        with connection, connection.cursor() as cursor:
            cursor.execute(AUDIT, {**values, "done": done, "most": REPORTS_AT_ONCE})
    with connection, connection.cursor() as cursor:
        cursor.execute(SUBMIT, values)
