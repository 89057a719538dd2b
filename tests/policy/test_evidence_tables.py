"""Evidence rows refuse UPDATE, DELETE and TRUNCATE from everybody, superusers in replica mode too."""

from __future__ import annotations

from uuid import uuid4

import psycopg2
import pytest

from app.database_roles import APP, OWNER
from tests import servers as test_servers

STATEMENTS = (
    "update audit_entries set body = '{}'",
    "delete from audit_entries",
    "truncate audit_entries",
)


@pytest.fixture(scope="module")
def forged(tmp_path_factory):
    """A database of its own with one committed audit entry."""
    running = test_servers.current()
    name = running.clone(f"laudo_evidence_{uuid4().hex[:8]}")
    connection = psycopg2.connect(running.postgres().dsn(database=name))
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into audit_entries (tenant_id, action, object_type, body)"
            " select id, 'test.done', 'test', '{}' from tenants"
        )
    connection.close()
    yield name
    running.drop(name)


def attempt(dsn: str, statement: str, *, replica: bool = False) -> None:
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cursor:
            if replica:
                cursor.execute("set session_replication_role = replica")
            cursor.execute(
                "select set_config('app.tenant_id', id::text, true) from tenants limit 1"
            )
            cursor.execute(statement)
    finally:
        connection.close()


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("role", [APP, OWNER, "postgres", "replica"])
def test_changes_are_refused(forged, role, statement):
    postgres = test_servers.current().postgres()
    dsn = postgres.dsn("postgres" if role == "replica" else role, forged)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        attempt(dsn, statement, replica=role == "replica")


def test_a_tenant_key_from_the_row_of_another_is_refused(forged):
    """A foreign key would accept it; the composite key gives the same error as a missing row."""
    postgres = test_servers.current().postgres()
    connection = psycopg2.connect(postgres.dsn(database=forged))
    try:
        with connection.cursor() as cursor:
            cursor.execute("select id from tenants order by slug")
            mine, theirs = (row[0] for row in cursor.fetchall())
            cursor.execute("select id from accounts where tenant_id = %s limit 1", (theirs,))
            account = cursor.fetchone()[0]
            with pytest.raises(psycopg2.errors.ForeignKeyViolation):
                cursor.execute(
                    "insert into account_sessions (tenant_id, account_id, token_hash)"
                    " values (%s, %s, 'x')",
                    (mine, account),
                )
    finally:
        connection.close()
