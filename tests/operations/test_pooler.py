"""The app behind PgBouncer in transaction mode: one connection serves many clients in turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import psycopg2
import pytest
from flask import Flask
from psycopg2 import errors
from sqlalchemy import select, text

from app.database_roles import APP, OWNER, PLATFORM, TIMEOUTS, set_timeouts
from app.extensions import db
from app.models import Account, Project
from app.tenancy import (
    call_definer,
    platform_scope,
    reset_read_only,
    set_read_only,
    tenant_scope,
)
from tests.operations.installed import installed, run_sql
from tests.support import servers as test_servers
from tests.support.cast import Cast, load_cast
from tests.support.pooler import Pooler, running_pooler

pytestmark = pytest.mark.xdist_group("operations")


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    running = test_servers.current()
    name = f"laudo_pooled_{uuid4().hex[:8]}"
    yield running.clone(name)
    running.drop(name)


@pytest.fixture(scope="module")
def pooler() -> Iterator[Pooler]:
    """With one connection to PostgreSQL, what a client leaves behind meets the next one."""
    with running_pooler(test_servers.current().postgres(), connections=1) as running:
        yield running


@pytest.fixture
def pooled(base, pooler, tmp_path) -> Iterator[Flask]:
    urls = {
        "database_url": pooler.url(APP, base),
        "platform_database_url": pooler.url(PLATFORM, base),
    }
    with installed(base, tmp_path, **urls) as app:
        yield app


@pytest.fixture
def cast(pooled) -> Cast:
    return load_cast(pooled)


def settings_of(dsn: str) -> dict[str, str]:
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("select name, current_setting(name) from unnest(%s) name", (list(TIMEOUTS),))
        return dict(cursor.fetchall())


def asked(pooler: Pooler, base: str, statement: str) -> object:
    """The answer to the next client of the app's role."""
    with (
        closing(psycopg2.connect(pooler.dsn(APP, base))) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_the_pooler_refuses_what_a_client_asks_at_the_start(pooler, base):
    with pytest.raises(psycopg2.OperationalError, match="unsupported startup parameter"):
        psycopg2.connect(pooler.dsn(APP, base), options="-c statement_timeout=15s")


@pytest.mark.parametrize("role", [APP, PLATFORM])
def test_each_role_that_serves_has_its_time_outs_through_the_pooler(pooler, tmp_path, role):
    """In a database where something else was set before `flask up`."""
    running = test_servers.current()
    name = running.clone(f"laudo_timeouts_{uuid4().hex[:8]}")
    try:
        for setting in TIMEOUTS:
            run_sql(name, f"alter role {role} in database {name} set {setting} = 0")
        assert set(settings_of(running.postgres().dsn(role, name)).values()) == {"0"}
        urls = {
            "database_url": pooler.url(APP, name),
            "platform_database_url": pooler.url(PLATFORM, name),
        }
        with installed(name, tmp_path, **urls) as app, pytest.MonkeyPatch.context() as patch:
            patch.setenv("MIGRATION_DATABASE_URL", running.url(OWNER, name))
            result = app.test_cli_runner().invoke(args=["up"])
            assert result.exit_code == 0, result.output
        reconnect(pooler)
        assert settings_of(pooler.dsn(role, name)) == TIMEOUTS
        assert TIMEOUTS["statement_timeout"] == "15s"
    finally:
        reconnect(pooler)
        running.drop(name)


def reconnect(pooler: Pooler) -> None:
    """Connections that PgBouncer has open keep their earlier settings."""
    pooler.stop()
    pooler.start()


def test_two_at_once_set_the_same_time_outs(base):
    dsn = test_servers.current().postgres().dsn(APP, base)
    with closing(psycopg2.connect(dsn)) as first, first, first.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(7205014)")
        with pytest.raises(errors.LockNotAvailable):
            set_timeouts(dsn)


def test_the_next_client_is_bound_to_no_company(pooled, pooler, base, cast):
    with pooled.app_context(), tenant_scope(cast.acme):
        assert set(db.session.scalars(select(Account.tenant_id))) == {cast.acme}
        key = "select current_setting('app.tenant_id', true)"
        assert db.session.scalar(text(key)) == str(cast.acme)
        db.session.commit()
        assert not asked(pooler, base, key)
        assert asked(pooler, base, "select count(*) from accounts") == 0
    with pooled.app_context(), tenant_scope(cast.other):
        assert set(db.session.scalars(select(Account.tenant_id))) == {cast.other}


def test_the_next_client_may_write(pooled, pooler, base, cast):
    with pooled.app_context(), tenant_scope(cast.acme):
        token = set_read_only()
        try:
            assert db.session.scalar(text("show transaction_read_only")) == "on"
            db.session.commit()
        finally:
            reset_read_only(token)
    assert asked(pooler, base, "show transaction_read_only") == "off"


def test_the_next_client_has_the_usual_isolation(pooled, pooler, base, cast):
    """An export reads one moment, in a transaction of its own."""
    with pooled.app_context(), tenant_scope(cast.acme):
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        assert db.session.scalar(text("show transaction_isolation")) == "repeatable read"
        db.session.commit()
    assert asked(pooler, base, "show transaction_isolation") == "read committed"


def test_rows_are_streamed_by_a_cursor_of_the_transaction(pooled, cast):
    with pooled.app_context(), tenant_scope(cast.acme):
        rows = db.session.execute(select(Account.id), execution_options={"yield_per": 1})
        assert len(list(rows)) > 3
        db.session.commit()


def test_the_functions_and_the_platform_work_through_the_pooler(pooled, cast):
    with pooled.app_context():
        (found,) = call_definer("find_account_by_email", p_email=cast.tess.email)
        assert found.tenant_id == cast.acme
        with platform_scope() as session:
            assert session.scalar(text("select count(*) from tenants")) >= 2
        with tenant_scope(cast.acme):
            db.session.add(Project(name="Through the pooler"))
            db.session.commit()
            assert db.session.scalar(select(Project.name)) == "Through the pooler"
