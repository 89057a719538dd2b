"""An installation of its own whose database a superuser may change, with anchors in a folder."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2
from flask import Flask

from app.anchors.jobs import anchor_all
from app.commands.check.anchors import check_anchors
from app.commands.check.finding import Finding, Level
from app.evidence.service import record
from app.extensions import db
from app.models import Actor
from app.rows import own_tenant
from app.tenancy import tenant_scope
from tests.support import servers as test_servers

# What a knowledgeable attacker does: change an entry, and compute every later hash again.
REWRITE = """
do $$
declare one record; last text; begin
  update audit_entries set body = replace(body, '"n":"{n}"', '"n":"forged"')
    where tenant_id = '{tenant}' and sequence = {n};
  select hash into last from audit_entries
    where tenant_id = '{tenant}' and sequence = {n} - 1;
  for one in select * from audit_entries
      where tenant_id = '{tenant}' and sequence >= {n} order by sequence loop
    last := encode(sha256(convert_to(concat_ws(E'\\n', coalesce(last, ''), one.tenant_id::text,
      one.sequence::text, to_char(one.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      one.body), 'UTF8')), 'hex');
    update audit_entries set hash = last,
      previous_hash = coalesce((select e.hash from audit_entries e
        where e.tenant_id = one.tenant_id and e.sequence = one.sequence - 1), '')
      where id = one.id;
  end loop;
  update audit_heads set hash = last where tenant_id = '{tenant}';
end $$
"""
# What a restored backup looks like: nothing after the entry ever was.
ROLL_BACK = """
delete from audit_entries where tenant_id = '{tenant}' and sequence > {n};
update audit_heads h set sequence = {n}, hash = (select e.hash from audit_entries e
  where e.tenant_id = h.tenant_id and e.sequence = {n}) where h.tenant_id = '{tenant}';
delete from anchors where tenant_id = '{tenant}' and sequence > {n}
"""


@dataclass
class Stage:
    app: Flask
    database: str
    tenant: UUID
    actor: Actor
    folder: Path

    def work(self, count: int) -> None:
        """Add entries; each has its number as a fact."""
        with self.app.app_context(), tenant_scope(self.tenant):
            for _ in range(count):
                number = self.head()[0] + 1
                record("tenant.settings_changed", own_tenant(), self.actor, n=str(number))
                db.session.commit()

    def head(self) -> tuple[int, str]:
        statement = f"select sequence, hash from audit_heads where tenant_id = '{self.tenant}'"
        rows = self.ask(statement)
        return rows[0] if rows else (0, "")

    def anchor(self) -> None:
        """What the relay does once an hour."""
        with self.app.app_context():
            for _done in anchor_all(lambda: False):
                db.session.commit()

    def check(self, *files: Path) -> list[Finding]:
        with self.app.app_context():
            return list(check_anchors(files))

    def wrong(self, *files: Path) -> list[str]:
        return [one.sentence for one in self.check(*files) if one.level is Level.WRONG]

    def lines(self) -> list[str]:
        paths = sorted(self.folder.glob("anchors-*.jsonl"))
        return [line for path in paths for line in path.read_text().splitlines()]

    def ask(self, statement: str) -> list[Any]:
        return self._run(statement, is_forging=False)

    def forge(self, statement: str, **values: object) -> None:
        """Run as a superuser with all triggers of the chain disabled, and leave no trace of it."""
        self._run(statement.format(tenant=self.tenant, **values), is_forging=True)

    def _run(self, statement: str, *, is_forging: bool) -> list[Any]:
        connection = psycopg2.connect(test_servers.current().postgres().dsn(database=self.database))
        tables = ("audit_entries", "audit_heads", "anchors") if is_forging else ()
        try:
            with connection, connection.cursor() as cursor:
                for table in tables:
                    cursor.execute(f"alter table {table} disable trigger all")
                cursor.execute(statement)
                rows: list[Any] = []
                with suppress(psycopg2.ProgrammingError):
                    rows = cursor.fetchall()
                for table in tables:
                    cursor.execute(f"alter table {table} enable trigger all")
                    cursor.execute(
                        "select tgname from pg_trigger where not tgisinternal and tgrelid = %s::regclass",
                        (table,),
                    )
                    for (name,) in cursor.fetchall():
                        cursor.execute(f"alter table {table} enable always trigger {name}")
                return rows
        finally:
            connection.close()
