"""The tenant key on a pooled connection never outlives its transaction or serves another tenant."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import select, text

from app.extensions import db
from app.models import Account
from app.tenancy import tenant_scope
from tests.support.alone import app_alone
from tests.support.cast import load_cast


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """An app with a pool of one connection on its own database, with real commits."""
    with app_alone(tmp_path_factory.mktemp("key")) as app:
        assert app.config["SQLALCHEMY_ENGINE_OPTIONS"]["pool_pre_ping"]
        yield app


def test_interleaved_tenants_over_one_connection_never_mix(alone):
    cast = load_cast(alone)
    seen = {cast.acme: "acme.test", cast.other: "other.test"}
    with alone.app_context():
        for tenant in itertools.islice(itertools.cycle(seen), 100):
            with tenant_scope(tenant):
                emails = db.session.scalars(select(Account.email)).all()
                assert emails and all(email.endswith(seen[tenant]) for email in emails)


def test_raw_sql_without_a_tenant_sees_nothing(alone):
    cast = load_cast(alone)
    with alone.app_context():
        with tenant_scope(cast.acme):
            db.session.execute(text("select 1"))
            db.session.commit()
        assert db.session.execute(text("select count(*) from accounts")).scalar() == 0


def test_the_key_ends_with_its_transaction(alone):
    """Not only when the next transaction sets another key: in between, a use of the connection
    outside a session finds none."""
    cast = load_cast(alone)
    with alone.app_context():
        with tenant_scope(cast.acme):
            process = db.session.scalar(text("select pg_backend_pid()"))
            db.session.commit()
        with db.engine.connect() as connection:
            found = connection.execute(
                text("select pg_backend_pid(), current_setting('app.tenant_id', true)")
            ).one()
            assert (found[0], found[1] or "") == (process, "")
            assert connection.scalar(text("select count(*) from accounts")) == 0


def test_a_savepoint_keeps_the_tenant(alone):
    cast = load_cast(alone)
    with alone.app_context(), tenant_scope(cast.acme):
        db.session.execute(text("select 1"))
        nested = db.session.begin_nested()
        nested.rollback()
        assert db.session.execute(text("select count(*) from accounts")).scalar() == 5
