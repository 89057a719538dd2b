"""Shared fixtures: the app on a cloned database, a transaction per test, clients signed in."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event

from app import create_app
from app.auth.identity import PLATFORM_PREFIX, token_hash
from app.config import Settings
from app.database_roles import APP, PLATFORM
from app.extensions import db
from app.models import AccountSession, Actor, Role, SuperadminSession
from app.tenancy import platform_scope, tenant_scope
from tests import servers as test_servers
from tests.cast import Cast, Person, load_cast, make_cast
from tests.cheap_passwords import make_cheap
from tests.lock_order import Watch

# Machines are shared and noisy, so no example is judged by its time. `make test` takes the same
# examples every run: a new find belongs to whoever searches (`make fuzz`), not to whoever lands next.
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.register_profile("same", deadline=None, derandomize=True)
hypothesis.settings.load_profile("search" if "FUZZ_EXAMPLES" in os.environ else "same")


def settings_for(database: str, storage: Path, **overrides: object) -> Settings:
    """Settings on one database of the test servers."""
    running = test_servers.current()
    values: dict[str, object] = {
        "secret_key": "test-secret-key-of-32-characters!!",
        "base_url": "http://localhost",
        "database_url": running.url(APP, database),
        "platform_database_url": running.url(PLATFORM, database),
        "redis_url": running.redis_url,
        "storage_dir": storage,
        "mail_dir": storage.parent / "mail",
        "testing": True,
    }
    return Settings(_env_file=None, **{**values, **overrides})  # type: ignore[call-arg, arg-type]


def pytest_configure(config: pytest.Config) -> None:
    make_cheap()
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    running = test_servers.start()
    config.stash[_SERVERS] = running
    app = create_app(settings_for(test_servers.MODEL, Path(running.base) / "storage"))
    make_cast(app)
    with app.app_context():
        db.engine.dispose()
        app.extensions["laudo_platform_engine"].dispose()


def pytest_unconfigure(config: pytest.Config) -> None:
    if running := config.stash.get(_SERVERS, None):
        test_servers.stop(running)


_SERVERS: pytest.StashKey[test_servers.Servers] = pytest.StashKey()


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """This worker's clone of the model database."""
    running = test_servers.current()
    name = f"laudo_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    yield running.clone(name)
    running.drop(name)


@pytest.fixture(scope="session")
def app(database: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    app = create_app(settings_for(database, tmp_path_factory.mktemp("storage")))
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture(scope="session")
def cast(app: Flask) -> Cast:
    return load_cast(app)


@contextmanager
def rolled_back(app: Flask) -> Iterator[Connection]:
    """Everything that the app commits inside the block is rolled back after it.

    The connection takes the engine's place: a session bound by `bind=` would be ignored by
    Flask-SQLAlchemy and really commit.
    """
    with app.app_context():
        engines = db._app_engines[app]
        engine = engines[None]
    connection = engine.connect()
    outer = connection.begin()
    engines[None] = connection  # type: ignore[assignment]
    db.session.session_factory.configure(join_transaction_mode="create_savepoint")
    try:
        yield connection
    finally:
        engines[None] = engine
        db.session.session_factory.configure(join_transaction_mode="conditional_savepoint")
        outer.rollback()
        connection.close()


@pytest.fixture
def transaction(app: Flask) -> Iterator[None]:
    """Whatever this test commits is rolled back after it."""
    with rolled_back(app):
        yield


@pytest.fixture(scope="session")
def lock_watch() -> Iterator[Watch]:
    watch = Watch()
    watch.start()
    yield watch
    watch.stop()


@pytest.fixture(autouse=True)
def one_order_of_locks(lock_watch: Watch) -> Iterator[None]:
    """Whatever a test does, the app locks in the one order and writes the audit last."""
    lock_watch.wrong.clear()
    yield
    assert lock_watch.wrong == []


Scope = Callable[[Person], AbstractContextManager[Actor]]


@pytest.fixture
def acting(app: Flask, transaction: None) -> Scope:
    """`with acting(cast.tess) as actor:` is a service-layer stage in the person's tenant."""

    @contextmanager
    def stage(person: Person) -> Iterator[Actor]:
        assert person.tenant_id
        with app.app_context(), tenant_scope(person.tenant_id):
            yield Actor(person.name, person.role, person.id)

    return stage


SignIn = Callable[[Person], FlaskClient]


@pytest.fixture
def client_of(app: Flask, transaction: None) -> SignIn:
    """`client_of(cast.tess)` is a browser with that person signed in."""

    def sign_in(person: Person) -> FlaskClient:
        return signed_in_client(app, person)

    return sign_in


@pytest.fixture
def anonymous(app: Flask, transaction: None) -> FlaskClient:
    return app.test_client()


def signed_in_client(app: Flask, person: Person) -> FlaskClient:
    token = secrets.token_urlsafe(16)
    with app.app_context():
        if person.role is Role.SUPERADMIN:
            token = PLATFORM_PREFIX + token
            with platform_scope() as session:
                session.add(
                    SuperadminSession(superadmin_id=person.id, token_hash=token_hash(token))
                )
                session.commit()
        else:
            assert person.tenant_id
            with tenant_scope(person.tenant_id):
                db.session.add(AccountSession(account_id=person.id, token_hash=token_hash(token)))
                db.session.commit()
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return client


class QueryRecorder:
    """Counts the SQL statements of a block: `with queries() as seen: ...; len(seen.statements)`."""

    def __init__(self) -> None:
        self.statements: list[str] = []


@pytest.fixture
def queries(app: Flask) -> Callable[[], AbstractContextManager[QueryRecorder]]:
    @contextmanager
    def record() -> Iterator[QueryRecorder]:
        from sqlalchemy import Engine

        seen = QueryRecorder()

        def note(conn: object, cursor: object, statement: str, *rest: object) -> None:
            seen.statements.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return record
