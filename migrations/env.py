"""Alembic's entry. Runs as the owner role (MIGRATION_DATABASE_URL), one migrator at a time."""

from __future__ import annotations

import time

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text

import app.models  # noqa: F401  (fills the metadata)
from app.config import MigrationSettings
from app.extensions import Base

MIGRATION_LOCK = 7_205_001


def wait_for_the_other(connection: Connection) -> None:
    """Until no other migrator is at work.

    Asked again and again: a statement that waited would be cut off by `lock_timeout`, and hold a
    snapshot that `create index concurrently` of the other one would wait for in its turn.
    """
    ask = text("select pg_try_advisory_lock(:key)")
    while not connection.scalar(ask, {"key": MIGRATION_LOCK}):
        connection.commit()
        time.sleep(1)
    connection.commit()


def run() -> None:
    url = context.config.attributes.get("url") or MigrationSettings().migration_database_url
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        # A migration that cannot get its lock soon must not queue every request behind it.
        connection.execute(text("set lock_timeout = '5s'"))
        connection.execute(text("set statement_timeout = '15min'"))
        connection.commit()
        wait_for_the_other(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            user_module_prefix="models.",
        )
        with context.begin_transaction():
            context.run_migrations()


run()
