"""Real PostgreSQL and Valkey for tests: a migrated model database, cloned per xdist worker."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg2
from alembic import command
from alembic.config import Config
from psycopg2 import sql
from redis import Redis

from app import database_roles as roles
from app.config import ROOT
from app.local.embedded import EmbeddedPostgres, EmbeddedValkey, load_passwords

ENV = "LAUDO_TEST_SERVERS"
MODEL = "laudo_model"
# Valkey has 16 by default. Number 0 belongs to the apps inside the tests, which start no worker.
LENT_NUMBERS = range(1, 16)


@dataclass(frozen=True)
class Servers:
    """The servers of this test run; passed to the xdist workers in the environment."""

    base: str
    redis_url: str

    def postgres(self) -> EmbeddedPostgres:
        base = Path(self.base)
        return EmbeddedPostgres(base, load_passwords(base / "passwords.json"), durable=False)

    def url(self, role: str, database: str) -> str:
        return self.postgres().url(role, database)

    def clone(self, name: str, source: str = MODEL) -> str:
        """Create database `name` from the model; returns the name."""
        _admin(self, "drop database if exists {} with (force)", name)
        _admin(self, "create database {} template {}", name, source)
        return name

    def drop(self, name: str) -> None:
        _admin(self, "drop database if exists {} with (force)", name)

    @contextmanager
    def lend_redis(self) -> Iterator[str]:
        """The URL of an empty Redis database that nobody else in this test run has meanwhile.

        A worker that shares its Redis database with that of another stack takes its wake-ups, and
        finds no such rows in its own PostgreSQL database.
        """
        with Redis.from_url(self.redis_url) as client:
            number = next(n for n in LENT_NUMBERS if client.set(f"lent-{n}", os.getpid(), nx=True))
            url = f"{self.redis_url.removesuffix('/0')}/{number}"
            try:
                with Redis.from_url(url) as lent:
                    lent.flushdb()
                yield url
            finally:
                client.delete(f"lent-{number}")


def _admin(servers: Servers, statement: str, *names: str) -> None:
    connection = psycopg2.connect(servers.postgres().dsn())
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
    finally:
        connection.close()


def start() -> Servers:
    """Start both servers, migrate the model database and fill in the cast."""
    base = Path(tempfile.mkdtemp(prefix="laudo-test-"))
    base.chmod(0o755)
    passwords = load_passwords(base / "passwords.json")
    postgres = EmbeddedPostgres(base, passwords, durable=False)
    valkey = EmbeddedValkey(base, passwords["valkey"])
    try:
        postgres.start()
        roles.ensure_roles(postgres.dsn(), passwords)
        roles.ensure_database(postgres.dsn(), MODEL)
        _set_timeouts(postgres.dsn())
        migrate(postgres.url(roles.OWNER, MODEL))
        valkey.start()
    except BaseException:
        valkey.stop()
        postgres.stop()
        raise
    servers = Servers(str(base), valkey.url)
    os.environ[ENV] = json.dumps(asdict(servers))
    return servers


def _set_timeouts(superuser_dsn: str) -> None:
    """In every database, because clones do not inherit what `flask up` sets in one."""
    connection = psycopg2.connect(superuser_dsn)
    try:
        with connection, connection.cursor() as cursor:
            for role in (roles.APP, roles.PLATFORM):
                for name, value in roles.TIMEOUTS.items():
                    cursor.execute(f"alter role {role} set {name} = '{value}'")
    finally:
        connection.close()


def alembic_config(url: str) -> Config:
    config = Config(str(ROOT / "migrations" / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = url
    return config


def migrate(url: str, revision: str = "head") -> None:
    command.upgrade(alembic_config(url), revision)


def current() -> Servers:
    return Servers(**json.loads(os.environ[ENV]))


def stop(servers: Servers) -> None:
    base = Path(servers.base)
    EmbeddedValkey(base, load_passwords(base / "passwords.json")["valkey"]).stop()
    postgres = servers.postgres()
    postgres.stop()
    for directory in (base, postgres.socket_dir):
        shutil.rmtree(directory, ignore_errors=True)
