"""Shared fixtures: the app on a cloned database, a transaction per test, clients signed in."""

from __future__ import annotations

import gc
import importlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from zlib import crc32

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Connection, event

from app import create_app
from app.auth.identity import PLATFORM_PREFIX, token_hash
from app.config import Settings
from app.database_roles import APP, PLATFORM
from app.extensions import db
from app.models import AccountSession, Actor, Role, SuperadminSession
from app.tenancy import platform_scope, tenant_scope
from tests.support import servers as test_servers
from tests.support.cast import Cast, Person, load_cast, make_cast
from tests.support.cheap_passwords import make_cheap
from tests.support.lock_order import Watch
from tests.support.sealers import start_sealer

# Machines are shared and noisy, so no example is judged by its time. `make test` takes the same
# examples every run: a new find belongs to whoever searches (`make fuzz`), not to whoever lands next.
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.register_profile("same", deadline=None, derandomize=True)
# Workers that tests start share the cores with the tests, which wait for them.
os.environ["WORKER_NICENESS"] = "0"
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
    # Until all tests are collected: what is imported stays.
    gc.disable()
    if config.option.collectonly:
        return
    if hasattr(config, "workerinput"):
        _share_templates()
        return
    running = test_servers.start()
    config.stash[_SERVERS] = running
    config.stash[_SEALER] = start_sealer(Path(running.base))
    _share_templates()
    app = create_app(settings_for(test_servers.MODEL, Path(running.base) / "storage"))
    make_cast(app)
    with app.app_context():
        db.engine.dispose()
        app.extensions["laudo_platform_engine"].dispose()


def _share_templates() -> None:
    """What one app compiles, no other app of any process compiles again: it takes two seconds."""
    folder = Path(test_servers.current().base) / "templates"
    folder.mkdir(exist_ok=True)
    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(folder))}
    paths = (str(CHILDREN), os.environ.get("PYTHONPATH", ""))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    os.environ["LAUDO_TEST_TEMPLATES"] = str(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if sealer := config.stash.get(_SEALER, None):
        sealer.close()
    if running := config.stash.get(_SERVERS, None):
        test_servers.stop(running)


_SEALER: pytest.StashKey[ExitStack] = pytest.StashKey()
_SERVERS: pytest.StashKey[test_servers.Servers] = pytest.StashKey()

# Folders whose groups take minutes, the longest first: started last, one of them would keep one
# worker busy while the others have nothing left to do.
LONG = (
    "browser",
    "fuzz",
    "faults",
    "operations",
    "evidence",
    "commands",
    "documents",
    "exports",
    "pdf",
    "imaging",
)
FOLDER = Path(__file__).parent
LONGEST_IN_A_NAME = 80
# What Python imports at the start of every process that a test starts.
CHILDREN = FOLDER / "support" / "children"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a long value by its checksum. Each worker sends the names of all tests to the first
    process and puts each into its environment: with the files that are values they were 43 MB.
    """
    if isinstance(val, str | bytes) and len(val) > LONGEST_IN_A_NAME:
        content = val.encode(errors="surrogatepass") if isinstance(val, str) else val
        return f"{argname}-{crc32(content):08x}"
    return None


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all of a module, so that what the module sets up is set up once."""
    for item in items:
        if not any(item.iter_markers("xdist_group")):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    items.sort(key=_turn)


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay to the end: what looks for garbage need not pass them."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Each worker imports its share of the test files first, so that not every one of them compiles
    all: assertions are rewritten, which takes as long as running a thousand tests."""
    own = getattr(session.config, "workerinput", None)
    if own is None or session.config.args != ["tests"]:
        return
    names = sorted(path.relative_to(FOLDER.parent) for path in FOLDER.rglob("test_*.py"))
    for path in names[int(own["workerid"].removeprefix("gw")) :: own["workercount"]]:
        importlib.import_module(".".join(path.with_suffix("").parts))


def _turn(item: pytest.Item) -> int:
    folder = item.path.relative_to(FOLDER).parts[0]
    return LONG.index(folder) if folder in LONG else len(LONG)


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
