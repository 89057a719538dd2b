"""Waiting until a statement waits for a lock."""

from __future__ import annotations

import time
from concurrent.futures import Future

import psycopg2

from tests.support import servers as test_servers


def until_it_waits(connection, future: Future) -> None:
    """Wait until the statement of this connection waits for a lock or is done."""
    watching = psycopg2.connect(test_servers.current().postgres().dsn())
    watching.autocommit = True
    try:
        with watching.cursor() as cursor:
            for _look in range(1_000):
                cursor.execute(
                    "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s",
                    (connection.get_backend_pid(),),
                )
                if future.done() or cursor.fetchone()[0]:
                    return
                time.sleep(0.02)
    finally:
        watching.close()
    raise AssertionError("it neither waits nor ends")
