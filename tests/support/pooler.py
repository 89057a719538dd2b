"""A real PgBouncer in transaction mode in front of a PostgreSQL of the tests, as its own user."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2

from app.database_roles import APP, PLATFORM
from app.local.embedded import SYSTEM_USER, EmbeddedPostgres, free_port

PROGRAM = "/usr/sbin/pgbouncer"
USER = "laudo_pgbouncer"
CONSOLE = "laudo_console"
START_SECONDS = 20.0

CONFIG = """
[databases]
* = host={socket} port=5432
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
max_client_conn = 500
default_pool_size = {connections}
server_reset_query =
admin_users = {console}
log_connections = 0
log_disconnections = 0
"""


@dataclass
class Pooler:
    """`url(role, database)` logs in through it. `kill` and `start` are a crash and its end."""

    folder: Path
    port: int
    passwords: Mapping[str, str]
    postgres_group: int | None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = self._as_own_user()
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, str(self.folder / "pgbouncer.ini")],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **options,
            )
        self._wait()

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def dsn(self, role: str, database: str) -> str:
        password = quote(self.passwords[role])
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def url(self, role: str, database: str) -> str:
        return "postgresql+psycopg2" + self.dsn(role, database).removeprefix("postgresql")

    def _as_own_user(self) -> dict[str, object]:
        """PgBouncer refuses to run as root. Its user is in PostgreSQL's group for the socket."""
        if os.geteuid():
            return {}
        entry = _own_user()
        groups = [] if self.postgres_group is None else [self.postgres_group]
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": groups}

    def _end(self, number: signal.Signals) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(START_SECONDS)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return psycopg2.connect(self.dsn(CONSOLE, "pgbouncer")).close()
            except psycopg2.OperationalError as error:
                assert self.process
                if self.process.poll() is not None or time.monotonic() > deadline:
                    log = (self.folder / "log").read_text(errors="replace")
                    raise RuntimeError(f"PgBouncer did not start: {log}") from error
                time.sleep(0.05)


@contextmanager
def running_pooler(postgres: EmbeddedPostgres, *, connections: int = 20) -> Iterator[Pooler]:
    """Start it in a folder of its own; stop it after the block. At most `connections` to
    PostgreSQL for each role and database."""
    folder = Path(tempfile.mkdtemp(prefix="laudo-pooler-"))
    passwords = {role: postgres.passwords[role] for role in (APP, PLATFORM)}
    passwords[CONSOLE] = "console"
    users = folder / "users"
    users.write_text("".join(f'"{role}" "{secret}"\n' for role, secret in passwords.items()))
    port = free_port()
    (folder / "pgbouncer.ini").write_text(
        CONFIG.format(
            socket=postgres.socket_dir,
            port=port,
            users=users,
            connections=connections,
            console=CONSOLE,
        )
    )
    users.chmod(0o600)
    pooler = Pooler(folder, port, passwords, _postgres_group())
    if not os.geteuid():
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, _own_user().pw_uid)
        postgres.socket_dir.chmod(0o710)
    try:
        pooler.start()
        yield pooler
    finally:
        pooler.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _own_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", USER], check=True)
        return pwd.getpwnam(USER)


def _postgres_group() -> int | None:
    return None if os.geteuid() else grp.getgrnam(SYSTEM_USER).gr_gid
