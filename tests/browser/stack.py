"""The whole stack as real processes on its own database: web, worker, relay."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.config import ROOT
from app.database_roles import APP, OWNER, PLATFORM
from app.local.embedded import free_port
from app.local.lan import certificate_for
from tests.support import servers as test_servers

PROCESSES = {
    "web": ["-m", "gunicorn", "wsgi:app"],
    "worker": ["-m", "flask", "--app", "wsgi", "worker"],
    "relay": ["-m", "flask", "--app", "wsgi", "relay"],
}
# It takes two of processor time, for which a busy machine may need a minute.
START_SECONDS = 180


@dataclass(frozen=True)
class Stack:
    url: str
    database: str
    environment: dict[str, str]
    logs: Path

    def flask(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def log(self, name: str) -> str:
        return (self.logs / name).read_text()


@contextmanager
def running_stack(
    folder: Path, name: str, *, tls_name: str = "", kinds: Iterable[str] = PROCESSES
) -> Iterator[Stack]:
    """Start the processes of these kinds, wait until the web answers, and stop them at the end.

    Under localhost, because passkeys need a name, not an IP address. With `tls_name`, the web
    serves HTTPS under that name, as `make run LAN=1` does.
    """
    with test_servers.current().lend_redis() as redis_url:
        yield from _running_stack(folder, name, redis_url, tls_name, kinds)


def _running_stack(
    folder: Path, name: str, redis_url: str, tls_name: str, kinds: Iterable[str]
) -> Iterator[Stack]:
    running = test_servers.current()
    database = running.clone(name)
    port = free_port()
    environment = {
        **os.environ,
        "SECRET_KEY": "browser-tests-secret-key-32-chars!",
        "BASE_URL": f"http://localhost:{port}",
        "BIND": f"127.0.0.1:{port}",
        "DATABASE_URL": running.url(APP, database),
        "PLATFORM_DATABASE_URL": running.url(PLATFORM, database),
        "MIGRATION_DATABASE_URL": running.url(OWNER, database),
        "REDIS_URL": redis_url,
        "STORAGE_DIR": str(folder / "storage"),
        "MAIL_DIR": str(folder / "mail"),
        "WEB_CONCURRENCY": "1",
        "LOGIN_TRIES_PER_MINUTE": "1000",
        "PYTHONUNBUFFERED": "1",
    }
    if tls_name:
        certificate, key = certificate_for(folder / "lan", [tls_name, "127.0.0.1"])
        environment |= {
            "BASE_URL": f"https://{tls_name}:{port}",
            "TLS_CERTIFICATE": str(certificate),
            "TLS_KEY": str(key),
        }
    stack = Stack(environment["BASE_URL"], database, environment, folder)
    processes = []
    try:
        for one in kinds:
            with (folder / one).open("w") as log:
                processes.append(
                    subprocess.Popen(
                        [sys.executable, *PROCESSES[one]],
                        cwd=ROOT,
                        env=environment,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                    )
                )
        scheme = "https" if tls_name else "http"
        wait_for_web(f"{scheme}://127.0.0.1:{port}/health", stack)
        yield stack
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
        running.drop(database)


def wait_for_web(url: str, stack: Stack) -> None:
    """Wait until the web answers. Does not verify its self-made certificate."""
    context = ssl._create_unverified_context()
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2, context=context):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"the web did not answer\n{stack.log('web')[-3000:]}")
