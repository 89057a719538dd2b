"""An upgrade from the previous release: its rows stay, and its people continue to work.

The older database is made by the older migrations and filled with rows that real services wrote.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from uuid import uuid4

import psycopg2
import pytest
from psycopg2 import extensions

from app import database_roles as roles
from app.commands.backup.figures import DatabaseFigures, frozen, read_figures
from app.commands.check.database import check_database
from tests.conftest import signed_in_client
from tests.support import servers as test_servers
from tests.support.backup_stage import Filled, Place, fill, place

pytestmark = pytest.mark.xdist_group("upgrade")

BEFORE = "0005"
# New in this release: the limit that a report was started with, the seal of a document, and whether
# the phone confirmed a photo's hash.
GROWN = {"documents", "photos", "reports"}
# The new name of a table that was there before.
RENAMED = {"save_receipts": "receipts"}

TABLES = (
    "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    " and relname <> 'alembic_version' order by 1"
)
COLUMNS = (
    "select string_agg(quote_ident(column_name), ', ') from information_schema.columns"
    " where table_schema = 'public' and table_name = %s and is_generated = 'NEVER'"
)
ALWAYS = (
    "select format('alter table %I enable always trigger %I', c.relname, g.tgname)"
    " from pg_trigger g join pg_class c on c.oid = g.tgrelid where g.tgenabled = 'A'"
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory, cast) -> Iterator[Filled]:
    running = test_servers.current()
    name = running.clone(f"laudo_filled_{uuid4().hex[:8]}")
    empty = place(name, tmp_path_factory.mktemp("filled"))
    yield fill(empty, cast, is_of_today=False)
    running.drop(name)


@dataclass(frozen=True)
class Upgraded(Place):
    """`tables` are those of the previous release, and `columns` of those that have grown."""

    tables: tuple[str, ...]
    columns: dict[str, str]


@pytest.fixture(scope="module")
def upgraded(filled) -> Iterator[Upgraded]:
    """The same rows as the previous release stored them, migrated to this release."""
    running = test_servers.current()
    name = f"laudo_upgraded_{uuid4().hex[:8]}"
    roles.ensure_database(running.postgres().dsn(), name)
    test_servers.migrate(running.url(roles.OWNER, name), BEFORE)
    tables = copy_rows(filled.database, name)
    with closing(opened(name)) as before:
        columns = {table: column(before, COLUMNS, table)[0] for table in GROWN}
    test_servers.migrate(running.url(roles.OWNER, name))
    made = place(name, filled.storage)
    yield Upgraded(made.database, made.storage, made.app, tables, columns)
    made.let_go()
    running.drop(name)


def copy_rows(source: str, target: str) -> tuple[str, ...]:
    """Copy every row, in the tables and columns that the target has, without firing triggers."""
    with opened(source) as here, opened(target) as there:
        always = column(there, ALWAYS)
        tables = column(there, TABLES)
        for verb in ("disable", "enable"):
            for table in tables:
                run(there, f"alter table {table} {verb} trigger all")
            if verb == "disable":
                for table in tables:
                    copy_table(here, there, table)
        for statement in always:
            run(there, statement)
        return tuple(tables)


def copy_table(here: extensions.connection, there: extensions.connection, table: str) -> None:
    (columns,) = column(there, COLUMNS, table)
    rows = io.BytesIO()
    with here.cursor() as cursor:
        cursor.copy_expert(f"copy (select {columns} from {table}) to stdout", rows)
    rows.seek(0)
    with there.cursor() as cursor:
        cursor.copy_expert(f"copy {table} ({columns}) from stdin", rows)


def opened(database: str) -> extensions.connection:
    return psycopg2.connect(test_servers.current().postgres().dsn(database=database))


def run(connection: extensions.connection, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def column(connection: extensions.connection, query: str, *values: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return [value for (value,) in cursor.fetchall()]


def count(database: str, table: str) -> list[str]:
    with closing(opened(database)) as connection:
        return column(connection, f"select count(*) from {table}")


def rows_of(database: str, table: str, columns: str) -> list[str]:
    with closing(opened(database)) as connection:
        return column(connection, f"select ({columns})::text from {table} order by 1")


def figures_of(database: str) -> DatabaseFigures:
    with frozen(test_servers.current().url(roles.BACKUP, database)) as connection:
        return read_figures(connection)


def test_every_row_chain_and_rule_is_unchanged(filled, upgraded):
    new, old = figures_of(upgraded.database), figures_of(filled.database)
    assert {"accounts", "answers", "audit_entries", "photos", "snapshots"} <= set(upgraded.tables)
    for name in set(upgraded.tables) - RENAMED.keys():
        assert new.tables[name].rows == old.tables[name].rows, name
        assert name in GROWN or new.tables[name] == old.tables[name], name
    for name, columns in upgraded.columns.items():
        assert rows_of(upgraded.database, name, columns) == rows_of(
            filled.database, name, columns
        ), name
    for name, now in RENAMED.items():
        assert count(upgraded.database, now) == count(filled.database, name), name
    assert new.chains == old.chains
    assert new.snapshots == old.snapshots
    # The test's rows are of this release, and the previous one had no columns for these.
    named = [
        line.rpartition("differs in ")[2] for lines in new.differences.values() for line in lines
    ]
    assert sorted(named) == [
        "the certificate of its seal, the time of its seal",
        "the report's public address",
    ]
    assert new.catalog == old.catalog


def test_its_people_can_continue_to_work(filled, upgraded, cast):
    ana, sam = (signed_in_client(upgraded.app, one) for one in (cast.ana, cast.sam))
    for address in (
        "/",
        "/reports/",
        "/projects/",
        "/people/",
        "/company/usage",
        "/company/settings",
        "/company/brand",
        "/audit",
        "/account",
        "/account/mails",
        f"/reports/{filled.report_id}",
    ):
        assert ana.get(address).status_code == 200, address
    assert sam.get(f"/platform/companies/{cast.acme}").status_code == 200
    tess = signed_in_client(upgraded.app, cast.tess)
    pdf = tess.get(f"/documents/{filled.document_id}/download", follow_redirects=True)
    assert pdf.data == filled.pdf
    with upgraded.app.app_context():
        assert {one.level for one in check_database()} == {"ok"}
