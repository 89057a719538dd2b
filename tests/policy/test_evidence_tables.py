"""Evidence rows reject UPDATE, DELETE and TRUNCATE by everybody, even superusers in replica
mode."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg2
import pytest

from app.database_roles import APP, OWNER
from tests.support import servers as test_servers
from tests.support.waiting import until_it_waits

STATEMENTS = (
    "update audit_entries set body = '{}'",
    "delete from audit_entries",
    "truncate audit_entries",
)


@pytest.fixture(scope="module")
def forged(tmp_path_factory):
    """A separate database with one committed audit entry."""
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


def a_tenant(database: str) -> str:
    connection = psycopg2.connect(test_servers.current().postgres().dsn(database=database))
    try:
        with connection.cursor() as cursor:
            cursor.execute("select id::text from tenants limit 1")
            return cursor.fetchone()[0]
    finally:
        connection.close()


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("role", [APP, OWNER, "postgres", "replica"])
def test_changes_are_refused(forged, role, statement):
    postgres = test_servers.current().postgres()
    dsn = postgres.dsn("postgres" if role == "replica" else role, forged)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        attempt(dsn, statement, replica=role == "replica")


def test_the_chain_sets_its_own_time_sequence_and_hashes(forged):
    """Values for them from a client with the app's role are ignored."""
    tenant = a_tenant(forged)
    postgres = test_servers.current().postgres()
    connection = psycopg2.connect(postgres.dsn(APP, forged))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("select set_config('app.tenant_id', %s, true)", (tenant,))
            cursor.execute("select max(sequence) from audit_entries")
            last = cursor.fetchone()[0]
            cursor.execute(
                "insert into audit_entries (tenant_id, action, object_type, body, sequence, at,"
                " previous_hash, hash) values (%s, 'test.forged', 'test', '{}', 4711,"
                " '2001-01-01T00:00Z', 'x', 'y') returning id",
                (tenant,),
            )
            entry = cursor.fetchone()[0]
            cursor.execute(
                "select e.sequence, abs(extract(epoch from clock_timestamp() - e.at)) < 60,"
                " e.previous_hash = before.hash, e.hash = encode(sha256(convert_to(concat_ws(E'\\n',"
                " e.previous_hash, e.tenant_id::text, e.sequence::text, to_char(e.at at time zone"
                " 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), e.body), 'UTF8')), 'hex')"
                " from audit_entries e join audit_entries before"
                " on before.tenant_id = e.tenant_id and before.sequence = %s where e.id = %s",
                (last, entry),
            )
            assert cursor.fetchone() == (last + 1, True, True, True)
    finally:
        connection.close()


def test_of_two_entries_at_once_the_second_waits_for_the_first(forged):
    """Otherwise both would follow the same entry, and one of two valid acts would fail."""
    tenant, postgres = a_tenant(forged), test_servers.current().postgres()
    entry = (
        "insert into audit_entries (tenant_id, action, object_type, body)"
        " values (%s, 'test.done', 'test', '{}') returning sequence"
    )

    def write(connection) -> int:
        with connection.cursor() as cursor:
            cursor.execute("select set_config('app.tenant_id', %s, true)", (tenant,))
            cursor.execute(entry, (tenant,))
            return cursor.fetchone()[0]

    first, second = (psycopg2.connect(postgres.dsn(APP, forged)) for _each in range(2))
    try:
        with ThreadPoolExecutor(1) as pool:
            earlier = write(first)
            later = pool.submit(write, second)
            until_it_waits(second, later)
            first.commit()
            assert later.result(20) == earlier + 1
    finally:
        first.close()
        second.close()


def test_a_tenant_key_from_the_row_of_another_is_refused(forged):
    """A plain key would accept it; the composite key gives the same error as for a missing row."""
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
