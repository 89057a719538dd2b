"""Runs everything that Laudo needs on one machine, under one supervisor.

`python -m app.local.stack run|demo|flask`.

Starts the embedded servers unless a URL points elsewhere, prepares the database, then runs web,
worker, relay and sealer until Ctrl-C. The app itself does not import this.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import redis
from dotenv import dotenv_values
from honcho import manager as honcho

from app import database_roles as roles
from app.config import ROOT
from app.jobs.alive import count_alive
from app.local.embedded import (
    EmbeddedPostgres,
    EmbeddedValkey,
    free_port,
    load_passwords,
    state_dir,
)
from app.local.lan import lan_environment
from app.sealing.sockets import is_answering

INSTANCE = ROOT / "instance"
DATABASE = "laudo"
PYTHON = sys.executable
PROCESSES = {
    "web": f"exec {PYTHON} -m gunicorn wsgi:app",
    "worker": f"exec {PYTHON} -m flask --app wsgi worker",
    "relay": f"exec {PYTHON} -m flask --app wsgi relay",
    "sealer": f"exec {PYTHON} -m flask --app wsgi sealer",
}
# After Ctrl-C, running requests (30 s in gunicorn.conf.py) and the current PDF may finish.
# Honcho's default of five seconds cut both off on a busy machine.
honcho.KILL_WAIT = 35
SEALER_SECONDS = 60

Environment = dict[str, str]


def base_environment(port: int) -> Environment:
    """`.env`, overridden by the process's environment, with the values that the demo generates."""
    INSTANCE.mkdir(mode=0o700, exist_ok=True)
    from_file = {key: value for key, value in dotenv_values(ROOT / ".env").items() if value}
    environment = {**from_file, **os.environ}
    environment.setdefault("SECRET_KEY", _secret_key())
    environment.setdefault("BASE_URL", f"http://localhost:{port}")
    environment.setdefault("ANCHOR_DIR", str(INSTANCE / "anchors"))
    environment["PYTHONUNBUFFERED"] = "1"
    return environment


def _secret_key() -> str:
    path = INSTANCE / "secret_key"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text()


@contextmanager
def servers(environment: Environment) -> Iterator[None]:
    """Start PostgreSQL and Valkey if their URLs are unset. All programs run from this folder share
    them; the last program to end stops them."""
    INSTANCE.mkdir(mode=0o700, exist_ok=True)
    with (INSTANCE / "servers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        used: list[EmbeddedPostgres | EmbeddedValkey] = []
        try:
            _start_servers(environment, used)
            yield
        finally:
            if _is_last(lock):
                for server in reversed(used):
                    server.stop()


def _is_last(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _start_servers(environment: Environment, used: list[EmbeddedPostgres | EmbeddedValkey]) -> None:
    base = state_dir()
    passwords = load_passwords(INSTANCE / "passwords.json")
    if not environment.get("DATABASE_URL"):
        postgres = EmbeddedPostgres(base, passwords)
        used.append(postgres)
        postgres.start()
        roles.ensure_roles(postgres.dsn(), passwords)
        roles.ensure_database(postgres.dsn(), DATABASE)
        environment.update(
            DATABASE_URL=postgres.url(roles.APP, DATABASE),
            PLATFORM_DATABASE_URL=postgres.url(roles.PLATFORM, DATABASE),
            MIGRATION_DATABASE_URL=postgres.url(roles.OWNER, DATABASE),
            BACKUP_DATABASE_URL=postgres.url(roles.BACKUP, DATABASE),
        )
    if not environment.get("REDIS_URL"):
        valkey = EmbeddedValkey(base, passwords["valkey"])
        used.append(valkey)
        valkey.start()
        environment["REDIS_URL"] = valkey.url


def flask(environment: Environment, *arguments: str) -> int:
    """Run one flask command with this environment; returns its exit status."""
    command = [PYTHON, "-m", "flask", "--app", "wsgi", *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode


def prepare(environment: Environment, *options: str) -> None:
    """Migrate and seed. Exits if that fails; the command has printed the reason."""
    if status := flask(environment, "up", "--demo", *options):
        sys.exit(status)


def run(port: int, lan: bool) -> int:
    """Serve until Ctrl-C; returns the exit status."""
    with _only_one(), _quiet_terminate():
        port = free_port(port, "0.0.0.0" if lan else "127.0.0.1")  # noqa: S104
        environment = base_environment(port)
        if lan:
            names = environment.get("LAN_NAMES", "")
            environment.update(lan_environment(INSTANCE, port, names))
        environment.setdefault("BIND", f"127.0.0.1:{port}")
        with servers(environment):
            prepare(environment, "--greet")
            manager = honcho.Manager()
            for name, command in PROCESSES.items():
                manager.add_process(name, command, env=environment, cwd=str(ROOT))
            manager.loop()
            # Ctrl-C is the normal end; any other end means that a process died.
            return 0 if manager.returncode in (0, 130, 143) else int(manager.returncode or 1)


@contextmanager
def _only_one() -> Iterator[None]:
    INSTANCE.mkdir(mode=0o700, exist_ok=True)
    with (INSTANCE / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("Laudo runs already from this folder; end that first with Ctrl-C.")
        yield


@contextmanager
def _quiet_terminate() -> Iterator[None]:
    """SIGTERM ends the supervisor like Ctrl-C, so that `finally` stops the servers."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        signal.signal(signal.SIGTERM, previous)


def demo(arguments: list[str]) -> int:
    """Run `flask demo`, starting what is not running; `servers` stops it afterwards."""
    environment = base_environment(8000)
    with servers(environment):
        prepare(environment)
        helpers = []
        try:
            for name in _not_running(environment):
                command = [PYTHON, "-m", "flask", "--app", "wsgi", name]
                quiet = {**environment, "LOG_LEVEL": "WARNING"}
                helpers.append(subprocess.Popen(command, env=quiet, cwd=ROOT))
            _await_sealer(environment)
            return flask(environment, "demo", *arguments)
        finally:
            for process in helpers:
                process.terminate()
            for process in helpers:
                process.wait(timeout=30)


def _await_sealer(environment: Environment) -> None:
    """Wait until it answers, or else the first PDF would be tried again only after a pause."""
    until = time.monotonic() + SEALER_SECONDS
    while not is_answering(_sealer(environment)) and time.monotonic() < until:
        time.sleep(0.1)


def _sealer(environment: Environment) -> Path:
    return Path(environment.get("SEAL_SOCKET") or INSTANCE / "sealer.sock")


def operate(arguments: list[str]) -> int:
    """Run one operator's command, with the servers of `make run` unless a URL names others."""
    environment = base_environment(8000)
    with servers(environment):
        return flask(environment, *arguments)


def _not_running(environment: Environment) -> list[str]:
    client = redis.Redis.from_url(environment["REDIS_URL"])
    try:
        silent = [name for name in ("worker", "relay") if not count_alive(client, name)]
    finally:
        client.close()
    return silent if is_answering(_sealer(environment)) else [*silent, "sealer"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m app.local.stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("run")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--lan", action="store_true")
    commands.add_parser("demo", add_help=False)
    commands.add_parser("flask", add_help=False)
    known, rest = parser.parse_known_args()
    if known.command == "demo":
        return demo(rest)
    if known.command == "flask":
        return operate(rest)
    return run(known.port, known.lan)


if __name__ == "__main__":
    sys.exit(main())
