"""A database at scale: many tenants with thousands of reports each, made by SQL in seconds."""

from __future__ import annotations

from uuid import UUID

import psycopg2

TENANTS, REPORTS_EACH = 20, 10_000

# Names with accents and tags on half of the reports, spread over 20 projects, 5 checklists and
# 40 people, so that each filter finds some and not all.
FILL = """
set local session_replication_role = replica;
insert into tenants (name, slug) select 'Scale ' || n, 'scale-' || n
  from generate_series(1, %(tenants)s) n;
create temporary table scale on commit drop as
  select id as tenant_id, row_number() over (order by slug) as place
  from tenants where slug like 'scale-%%';
insert into accounts (tenant_id, email, name, role, password_hash)
  select tenant_id, 'p' || n || '@' || place || '.scale.test', 'Person ' || n,
    case when n = 1 then 'admin' when n < 4 then 'manager' else 'technician' end, 'x'
  from scale, generate_series(1, 40) n;
insert into projects (tenant_id, name)
  select tenant_id, 'Subestação ' || n from scale, generate_series(1, 20) n;
insert into equipment (tenant_id, project_id, tag)
  select p.tenant_id, p.id, 'QTA-' || n from projects p join scale using (tenant_id),
    generate_series(1, 10) n;
insert into checklists (tenant_id, code, name, status, last_report_number)
  select tenant_id, 'CL-' || n, 'Checklist ' || n, 'published', %(reports)s
  from scale, generate_series(1, 5) n;
insert into versions (tenant_id, checklist_id, number, body, published_at)
  select c.tenant_id, c.id, 1, v.body, now() from checklists c join scale using (tenant_id),
    (select body from versions where tenant_id = %(model)s limit 1) v;
create temporary table parts on commit drop as
  select s.tenant_id,
    (select array_agg(id) from accounts a where a.tenant_id = s.tenant_id) people,
    (select array_agg(id) from projects p where p.tenant_id = s.tenant_id) projects,
    (select array_agg(id) from versions v where v.tenant_id = s.tenant_id) versions
  from scale s;
insert into reports (tenant_id, project_id, version_id, number, title, status, outcome, started_by,
    assignee_id, equipment_id, updated_at, created_at)
  select q.tenant_id, project, versions[1 + n %% 5],
    'CL-' || n %% 5 || '-' || lpad(n::text, 6, '0'),
    (array['Energização do quadro', 'Transformer test', 'Inspeção de cabos'])[1 + n %% 3]
      || ' ' || n,
    (array['completed', 'in_progress', 'draft', 'archived'])[1 + n %% 4],
    case when n %% 4 in (0, 3) then 'passed' end, people[1 + n %% 40], people[1 + n %% 37],
    case when n %% 2 = 0 then (
      select e.id from equipment e where e.tenant_id = q.tenant_id and e.project_id = q.project
      offset n / 2 %% 10 limit 1) end,
    now() - n * interval '7 minutes', now() - n * interval '8 minutes'
  from (select p.*, n, projects[1 + n %% 20] project from parts p,
    generate_series(1, %(reports)s) n) q;
"""


def fill(
    owner_dsn: str, model_tenant: UUID, *, tenants: int = TENANTS, each: int = REPORTS_EACH
) -> str:
    """Add `tenants` tenants of `each` reports with one published version of the model tenant.

    `owner_dsn` is a superuser's. Returns the e-mail of the first tenant's admin (no password).
    """
    connection = psycopg2.connect(owner_dsn)
    try:
        with connection, connection.cursor() as cursor:
            parameters = {"tenants": tenants, "reports": each, "model": str(model_tenant)}
            cursor.execute(FILL, parameters)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("vacuum analyze")
    finally:
        connection.close()
    return "p1@1.scale.test"
