"""One installation to break, with its own servers, web, workers and relay as real processes.

No tests here: people.py simulates people, and truth.py checks what must be true.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psycopg2
import requests
from flask import Flask
from psycopg2 import extensions
from redis import Redis

from app import create_app
from app import database_roles as roles
from app.config import ROOT, Settings
from app.extensions import db
from app.local.embedded import EmbeddedPostgres, EmbeddedValkey, free_port, load_passwords
from app.models import Actor
from app.tenancy import tenant_scope
from tests.support import servers as test_servers
from tests.support.cast import Cast, Person, load_cast, make_cast

DATABASE = "laudo"
AnySite = TypeVar("AnySite", bound="Site")
COMMANDS = {
    "web": ["-m", "gunicorn", "wsgi:app"],
    "worker": ["-m", "flask", "--app", "wsgi", "worker"],
    "relay": ["-m", "flask", "--app", "wsgi", "relay"],
    "sealer": ["-m", "flask", "--app", "wsgi", "sealer"],
}


class Site:
    """`start('worker')` or `start('worker', 'worker-2')`; the name is also the log's."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        passwords = load_passwords(folder / "passwords.json")
        # Durable as in production: an acknowledged save must survive a crash of the server.
        self.postgres = EmbeddedPostgres(folder, passwords)
        self.valkey = EmbeddedValkey(folder, passwords["valkey"])
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.storage = folder / "storage"
        self.app: Flask | None = None
        self._settings = settings

    def prepare(self) -> None:
        """Prepare servers, roles, tables and the cast."""
        self.postgres.start()
        self.valkey.start()
        roles.ensure_roles(self.postgres.dsn(), self.postgres.passwords)
        roles.ensure_database(self.postgres.dsn(), DATABASE)
        test_servers.migrate(self.postgres.url(roles.OWNER, DATABASE))
        for role in (roles.APP, roles.PLATFORM):
            roles.set_timeouts(self.postgres.dsn(role, DATABASE))
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            **os.environ,
            "SECRET_KEY": "fault-tests-secret-key-32-chars!!",
            "BASE_URL": self.url,
            "BIND": f"127.0.0.1:{port}",
            "DATABASE_URL": self.postgres.url(roles.APP, DATABASE),
            "PLATFORM_DATABASE_URL": self.postgres.url(roles.PLATFORM, DATABASE),
            "MIGRATION_DATABASE_URL": self.postgres.url(roles.OWNER, DATABASE),
            "BACKUP_DATABASE_URL": self.postgres.url(roles.BACKUP, DATABASE),
            "REDIS_URL": self.valkey.url,
            "STORAGE_DIR": str(self.storage),
            "MAIL_DIR": str(self.storage.parent / "mail"),
            "SEAL_DIR": str(self.folder / "seal"),
            "SEAL_SOCKET": str(self.folder / "sealer.sock"),
            "WEB_CONCURRENCY": "1",
            "LOGIN_TRIES_PER_MINUTE": "1000",
            "PYTHONUNBUFFERED": "1",
            **self._settings,
        }
        self.app = self._own_app()
        make_cast(self.app)
        self.cast: Cast = load_cast(self.app)

    def _own_app(self) -> Flask:
        """An app to make the rows that a test starts from, not to test."""
        return create_app(
            Settings(
                _env_file=None,
                secret_key=self.environment["SECRET_KEY"],
                base_url=self.url,
                database_url=self.environment["DATABASE_URL"],
                platform_database_url=self.environment["PLATFORM_DATABASE_URL"],
                redis_url=self.environment["REDIS_URL"],
                storage_dir=self.storage,
                testing=True,
            )
        )

    def start(self, kind: str, name: str | None = None, **changes: str) -> subprocess.Popen[bytes]:
        """Start a process, with changes of the environment."""
        name = name or kind
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *COMMANDS[kind]],
                cwd=ROOT,
                env={**self.environment, **changes},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.processes[name]

    def start_all(self) -> None:
        for kind in COMMANDS:
            if kind not in self.processes or self.processes[kind].poll() is not None:
                self.start(kind)
        self.wait_for_web()

    def stop(self, name: str, seconds: float = 40) -> None:
        """Stop a process as its supervisor would, and wait until it is gone."""
        process = self.processes.pop(name)
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            kill(process.pid)
            process.wait(10)

    def kill(self, name: str) -> None:
        """SIGKILL the process itself, not its children."""
        process = self.processes.pop(name)
        kill(process.pid)
        process.wait(10)

    def wait_for_web(self) -> None:
        wait_until(self._answers, f"the web did not answer\n{self.log('web')[-3000:]}", 60)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/health", timeout=2).ok
        except requests.RequestException:
            return False

    def helpers(self) -> dict[str, int]:
        """Process ids of further servers that this site runs, by name."""
        return {}

    def keys(self) -> list[str]:
        """The keys of everything that is stored, complete or not."""
        paths = (path for path in self.storage.rglob("*") if path.is_file())
        return [str(path.relative_to(self.storage)) for path in paths]

    def stored(self, key: str) -> bytes | None:
        """The bytes of an object; None if there is none."""
        path = self.storage / key
        return path.read_bytes() if path.exists() else None

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @contextmanager
    def acting(self, person: Person) -> Iterator[Actor]:
        assert person.tenant_id
        with self.app.app_context(), tenant_scope(person.tenant_id):
            yield Actor(person.name, person.role, person.id)

    @contextmanager
    def superuser(self) -> Iterator[extensions.connection]:
        """A connection that bypasses the app's locks and commits at the end of the block."""
        connection = psycopg2.connect(self.postgres.dsn(database=DATABASE))
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def ask(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with self.superuser() as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    def redis(self) -> Redis:
        return Redis.from_url(self.valkey.url, socket_connect_timeout=1, socket_timeout=2)

    def crash_postgres(self) -> None:
        """Restart in immediate mode: no checkpoint, no clean shutdown, recovery from the WAL."""
        from app.local.embedded import _postgres_runner

        _postgres_runner(self.folder).run(
            "pg_ctl",
            "-D",
            str(self.postgres.data),
            "-m",
            "immediate",
            "-w",
            "stop",
            cwd=self.postgres.data,
        )
        self.postgres.start()

    def close(self) -> None:
        for name in list(self.processes):
            self.stop(name)
        if self.app:
            with self.app.app_context():
                db.engine.dispose()
                self.app.extensions["laudo_platform_engine"].dispose()
        self.valkey.stop()
        self.postgres.stop()
        for folder in (self.folder, self.postgres.socket_dir):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_site(
    fill: Callable[[AnySite], None] = lambda site: None,
    make: Callable[..., AnySite] = Site,  # type: ignore[assignment]
    **settings: str,
) -> Iterator[AnySite]:
    """Start everything; stop and remove it after the block. `fill` runs before any process
    starts."""
    folder = Path(tempfile.mkdtemp(prefix="laudo-faults-"))
    folder.chmod(0o755)  # PostgreSQL's own user passes through
    site = make(folder, **settings)
    try:
        site.prepare()
        fill(site)
        site.start_all()
        yield site
    finally:
        site.close()


def children(pid: int) -> list[int]:
    """The running processes that this one forked; none if it has ended."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:
            continue
    return [one for one in found if is_running(one)]


def is_running(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> bool:
    """Signal one process that a site started; False if it had ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def wait_until(
    condition: Callable[[], object],
    complaint: str | Callable[[], str],
    seconds: float,
    pause: float = 0.05,
) -> float:
    """Wait until the condition holds; returns the seconds. Raises AssertionError with the
    complaint."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started >= seconds:
            words = complaint if isinstance(complaint, str) else complaint()
            raise AssertionError(f"after {seconds} s: {words}")
        time.sleep(pause)
    return time.monotonic() - started
