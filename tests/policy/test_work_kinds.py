"""The table `work_kinds` and the registry have the same kinds. A new kind is one row and one
registration: no database function names a kind."""

from __future__ import annotations

from contextlib import closing
from uuid import uuid4

import psycopg2
import pytest

from app.database_roles import APP, BACKUP, OWNER
from app.extensions import Base
from app.jobs.registry import Retention, list_kinds
from app.jobs.work import drop_older_files
from app.models import Document, Work
from tests.support import servers as test_servers
from tests.support.lock_order import RANKS

FUNCTIONS = ("pick_due_work", "find_work_tenant", "feed_due_work", "count_work")
KINDS = "select name, table_name from work_kinds"


@pytest.fixture
def ask(database):
    with closing(connected(database)) as connection:

        def run(statement: str, *parameters: object) -> list[tuple]:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters or None)
                return cursor.fetchall()

        yield run


@pytest.fixture
def kinds(app):
    with app.app_context():
        return {kind.name: kind for kind in list_kinds()}


@pytest.fixture
def spare():
    """A separate database, for tables that no migration creates."""
    running = test_servers.current()
    name = running.clone(f"laudo_kinds_{uuid4().hex[:8]}")
    yield name
    running.drop(name)


def connected(database: str, role: str = "postgres"):
    return psycopg2.connect(test_servers.current().postgres().dsn(role, database))


def test_the_table_has_the_kinds_of_the_registry(ask, kinds):
    registered = {name: kind.model.__tablename__ for name, kind in kinds.items()}
    assert dict(ask(KINDS)) == registered


def test_every_table_of_work_belongs_to_a_kind(kinds):
    models = {one.class_ for one in Base.registry.mappers if issubclass(one.class_, Work)}
    assert models == {kind.model for kind in kinds.values()}


def test_the_locks_of_all_kinds_have_one_rank(kinds):
    assert len({RANKS[kind.model.__tablename__] for kind in kinds.values()}) == 1


def test_no_function_of_the_relay_names_a_kind_or_its_table(ask):
    bodies = dict(
        ask("select proname, prosrc from pg_proc where proname = any(%s)", list(FUNCTIONS))
    )
    assert bodies.keys() == set(FUNCTIONS)
    words = {word for row in ask(KINDS) for word in row}
    named = [(name, word) for name, body in bodies.items() for word in words if word in body]
    assert named == []


def test_only_migrations_write_the_kinds_and_the_app_cannot_read_them(ask, database):
    rights = ask(
        "select grantee, privilege_type from information_schema.role_table_grants"
        " where table_name = 'work_kinds' and grantee <> %s",
        OWNER,
    )
    assert rights == [(BACKUP, "SELECT")]
    with (
        closing(connected(database, APP)) as app,
        app.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute(KINDS)


def test_a_new_kind_needs_a_table_and_one_row(spare):
    with closing(connected(spare)) as admin, admin, admin.cursor() as cursor:
        cursor.execute("select id from tenants limit 1")
        (tenant,) = cursor.fetchone()
        cursor.execute(
            'create table "An errand; drop" (like documents including defaults);'
            f' alter table "An errand; drop" owner to {OWNER};'
            " insert into work_kinds values ('errand', 'An errand; drop')"
        )
        cursor.execute(
            'insert into "An errand; drop" (tenant_id, report_id, requested_by, is_preview,'
            " queued_at) values (%s, gen_random_uuid(), gen_random_uuid(), true,"
            " now() - interval '1 hour') returning id",
            (tenant,),
        )
        (work_id,) = cursor.fetchone()
    with closing(connected(spare, APP)) as app, app, app.cursor() as cursor:
        cursor.execute("select tenant_id from find_work_tenant('errand', %s)", (work_id,))
        assert cursor.fetchall() == [(tenant,)]
        cursor.execute("select tenant_id from find_work_tenant('document', %s)", (work_id,))
        assert cursor.fetchall() == []
        cursor.execute("select * from feed_due_work('errand', 5, 5, '1 second')")
        assert cursor.fetchall() == [(work_id, tenant)]
        cursor.execute("select state, total, oldest_seconds > 3500 from count_work()")
        assert cursor.fetchall() == [("queued", 1, True)]


def test_the_app_may_delete_rows_of_exactly_the_kinds_that_keep_the_newest(ask, kinds):
    deletable = ask(
        "select table_name from information_schema.role_table_grants"
        " where grantee = %s and privilege_type = 'DELETE'",
        APP,
    )
    tables = {kind.model.__tablename__: kind.retention for kind in kinds.values()}
    assert {name for (name,) in deletable if name in tables} == {
        name for name, retention in tables.items() if retention is Retention.NEWEST_ROWS
    }


def test_a_kind_that_keeps_all_loses_no_file(acting, cast):
    with acting(cast.ana), pytest.raises(ValueError, match="documents keeps all its files"):
        drop_older_files(Document, uuid4())
