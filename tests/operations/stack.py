"""Web with two processes, worker and relay as in a deployment: JSON logs, internal ports."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2
import requests
from flask import Flask

from app import create_app
from app.config import ROOT
from app.database_roles import APP, BACKUP, OWNER, PLATFORM
from app.extensions import db
from app.local.embedded import free_port
from app.models import Actor
from app.tenancy import tenant_scope
from tests.conftest import settings_for
from tests.support import scenarios
from tests.support import servers as test_servers
from tests.support.cast import PASSWORD, Cast, Person, load_cast

COMMANDS = {
    "web": ["-m", "gunicorn", "wsgi:app"],
    "worker": ["-m", "flask", "--app", "wsgi", "worker"],
    "relay": ["-m", "flask", "--app", "wsgi", "relay"],
}
HOST = "laudo.test"
TOKEN = re.compile(r'name="csrf[-_]token" (?:content|value)="([^"]+)"')


@dataclass
class Stack:
    """The web runs from the beginning; `start('worker')` starts a worker."""

    folder: Path
    database: str
    port: int
    environment: dict[str, str]
    app: Flask
    cast: Cast
    metrics_ports: dict[str, int]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, kind: str) -> subprocess.Popen[bytes]:
        environment = dict(self.environment)
        if kind in self.metrics_ports:
            environment["METRICS_BIND"] = f"127.0.0.1:{self.metrics_ports[kind]}"
        with (self.folder / kind).open("ab") as log:
            self.processes[kind] = subprocess.Popen(
                [sys.executable, *COMMANDS[kind]],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self.processes[kind]

    def stop(self, kind: str) -> None:
        process = self.processes.pop(kind)
        process.terminate()
        try:
            process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()

    def flask(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
            cwd=ROOT,
            env={**self.environment, **changes},
            capture_output=True,
            text=True,
        )

    def log(self, kind: str) -> str:
        return (self.folder / kind).read_text(errors="replace")

    def access_lines(self, endpoint: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log("web").splitlines()]
        return [one for one in lines if one.get("endpoint") == endpoint]

    def processes_that_served(self, endpoint: str) -> set[int]:
        return {line["process"] for line in self.access_lines(endpoint)}

    def metrics(self, kind: str) -> str:
        return requests.get(f"http://127.0.0.1:{self.metrics_ports[kind]}/metrics", timeout=30).text

    def run_sql(self, *statements: str) -> None:
        """Run and commit the statements as the superuser."""
        connection = psycopg2.connect(test_servers.current().postgres().dsn(database=self.database))
        try:
            with connection, connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def a_report(self, person: Person) -> UUID:
        assert person.tenant_id
        with self.app.app_context(), tenant_scope(person.tenant_id):
            actor = Actor(person.name, person.role, person.id)
            return scenarios.a_report(actor).id


class Browser:
    """One person's session over real HTTP, under the host's own name."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.session = requests.Session()
        self.session.headers["Host"] = HOST
        self.token = ""

    def get(self, path: str, **headers: str) -> requests.Response:
        answer = self.session.get(
            f"{self.stack.url}{path}", headers=headers, timeout=30, allow_redirects=False
        )
        if found := TOKEN.search(answer.text):
            self.token = found[1]
        return answer

    def post(self, path: str, form: dict[str, str], **more: object) -> requests.Response:
        return self.session.post(
            f"{self.stack.url}{path}",
            data={"csrf_token": self.token, **form},
            timeout=30,
            allow_redirects=False,
            headers={"X-CSRFToken": self.token},
            **more,  # type: ignore[arg-type]
        )

    def log_in(self, person: Person, password: str = PASSWORD) -> requests.Response:
        self.get("/login")
        answer = self.post("/login", {"email": person.email, "password": password})
        if answer.status_code == 303:
            self.get("/account")
        return answer


@contextmanager
def running_stack(folder: Path, name: str, **settings: str) -> Iterator[Stack]:
    """The web on a clone of the model database. Everything stops when the block ends."""
    with test_servers.current().lend_redis() as redis_url:
        yield from _running_stack(folder, name, redis_url, settings)


def _running_stack(
    folder: Path, name: str, redis_url: str, settings: dict[str, str]
) -> Iterator[Stack]:
    running = test_servers.current()
    database = running.clone(name)
    port = free_port()
    environment = {
        **os.environ,
        "SECRET_KEY": "operations-tests-secret-key-32-chars",
        "BASE_URL": f"http://{HOST}",
        "BIND": f"127.0.0.1:{port}",
        "DATABASE_URL": running.url(APP, database),
        "PLATFORM_DATABASE_URL": running.url(PLATFORM, database),
        "MIGRATION_DATABASE_URL": running.url(OWNER, database),
        "BACKUP_DATABASE_URL": running.url(BACKUP, database),
        "REDIS_URL": redis_url,
        "STORAGE_DIR": str(folder / "storage"),
        "MAIL_DIR": str(folder / "mail"),
        "TRUSTED_HOSTS": HOST,
        "WEB_CONCURRENCY": "2",
        "WEB_THREADS": "4",
        "LOG_FORMAT": "json",
        "LOGIN_TRIES_PER_MINUTE": "1000",
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
    app = create_app(
        settings_for(
            database, folder / "storage", redis_url=redis_url, secret_key=environment["SECRET_KEY"]
        )
    )
    ports = {"web": free_port(), "relay": free_port()}
    stack = Stack(folder, database, port, environment, app, load_cast(app), ports)
    try:
        stack.start("web")
        # Wait for both processes: the second may still be loading when the first answers.
        wait_until(
            lambda: answers(stack) and len(stack.processes_that_served("health.index")) == 2,
            lambda: stack.log("web"),
        )
        yield stack
    finally:
        for kind in list(stack.processes):
            stack.stop(kind)
        with app.app_context():
            db.engine.dispose()
            app.extensions["laudo_platform_engine"].dispose()
        running.drop(database)


def answers(stack: Stack) -> bool:
    try:
        return requests.get(f"{stack.url}/health", timeout=5).ok
    except requests.RequestException:
        return False


def wait_until(
    condition: Callable[[], object], complaint: Callable[[], str], seconds: float = 60
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, complaint()[-4000:]
        time.sleep(0.1)
