"""Reports completed by an earlier release, in a database migrated to this one."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
from psycopg2 import extensions
from psycopg2.extras import RealDictCursor

from app import database_roles as roles
from app.evidence.digests import FORMAT_1, FORMAT_2, FORMAT_3, FORMAT_4, FORMAT_5
from tests.support import servers as test_servers

# Completed reports with photos (removed, quarantined), signatures and PDFs, as rows, written by the
# last state of the program whose snapshots have this format, and the migration that it stood at.
# Never made anew: they stand for what customers have.
GOLDEN = {
    FORMAT_1: (Path(__file__).parent / "snapshots_of_format_1.json", "0007"),
    FORMAT_2: (Path(__file__).parent / "snapshots_of_format_2.json", "0011"),
    FORMAT_3: (Path(__file__).parent / "snapshots_of_format_3.json", "0027"),
    # Returned once, approved, sealed.
    FORMAT_4: (Path(__file__).parent / "snapshots_of_format_4.json", "0035"),
    # The same, with the signature of a witness.
    FORMAT_5: (Path(__file__).parent / "snapshots_of_format_5.json", "0036"),
}

ALWAYS = (
    "select format('alter table %I enable always trigger %I', c.relname, g.tgname)"
    " from pg_trigger g join pg_class c on c.oid = g.tgrelid where g.tgenabled = 'A'"
)


@contextmanager
def earlier_database(snapshot_format: str) -> Iterator[str]:
    """A database with the rows of an earlier release, migrated to this one."""
    rows, before = GOLDEN[snapshot_format]
    running = test_servers.current()
    name = f"laudo_earlier_{uuid4().hex[:8]}"
    roles.ensure_database(running.postgres().dsn(), name)
    try:
        test_servers.migrate(running.url(roles.OWNER, name), before)
        with psycopg2.connect(running.postgres().dsn(database=name)) as connection:
            load(connection, json.loads(rows.read_text()))
        connection.close()
        test_servers.migrate(running.url(roles.OWNER, name))
        yield name
    finally:
        running.drop(name)


def load(connection: extensions.connection, tables: Mapping[str, Mapping[str, str]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ALWAYS)
        always = [statement for (statement,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f"alter table {table} disable trigger all")
        for table, kept in tables.items():
            cursor.copy_expert(
                f"copy {table} ({kept['columns']}) from stdin", io.StringIO(kept["rows"])
            )
        for table in tables:
            cursor.execute(f"alter table {table} enable trigger all")
        for statement in always:
            cursor.execute(statement)


def asking(connection: extensions.connection) -> Callable[[str, Sequence[Any]], list[Any]]:
    """`Ask` on a plain connection, as a backup has it."""

    def ask(statement: str, parameters: Sequence[Any]) -> list[Any]:
        with connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()

    return ask
