"""Checks in bounded time whether PostgreSQL answers, for load balancers.

Each process has one asynchronous connection for this. The pool may be exhausted, and an ordinary
connection would block forever if the server hangs with its socket open.
"""

from __future__ import annotations

import contextlib
import select
import threading
import time

import psycopg2
from flask import current_app
from psycopg2 import extensions
from sqlalchemy import make_url

SECONDS = 1.0


class DatabaseProbe:
    """Runs `select 1` on a connection that is kept between checks."""

    def __init__(self, url: str) -> None:
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(False)
        self._connection: extensions.connection | None = None
        self._lock = threading.Lock()

    def answers(self, seconds: float = SECONDS) -> bool:
        """True if the database answers within `seconds`. Never raises and never takes longer."""
        deadline = time.monotonic() + seconds
        if not self._lock.acquire(timeout=seconds):
            return False
        try:
            return self._try_query(deadline)
        finally:
            self._lock.release()

    def _try_query(self, deadline: float) -> bool:
        kept = self._connection is not None
        try:
            self._run_query(deadline)
        except (psycopg2.Error, TimeoutError):
            self._drop()
            # The kept connection may be stale after a restart of the server: retry once with a
            # new one.
            return kept and time.monotonic() < deadline and self._try_query(deadline)
        return True

    def _run_query(self, deadline: float) -> None:
        if self._connection is None:
            # The poll loop below bounds the handshake; libpq's own limit bounds the name look-up.
            self._connection = psycopg2.connect(self._dsn, connect_timeout=1, async_=1)
            _wait(self._connection, deadline)
        cursor = self._connection.cursor()
        cursor.execute("select 1")
        _wait(self._connection, deadline)
        cursor.close()

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg2.Error):
                self._connection.close()
        self._connection = None


def _wait(connection: extensions.connection, deadline: float) -> None:
    """Wait until an asynchronous operation completes. Raises TimeoutError."""
    while (state := connection.poll()) != extensions.POLL_OK:
        remaining = deadline - time.monotonic()
        handle = connection.fileno()
        reading = [handle] if state == extensions.POLL_READ else []
        writing = [handle] if state == extensions.POLL_WRITE else []
        if remaining <= 0 or not any(select.select(reading, writing, [], remaining)):
            raise TimeoutError


def get_probe() -> DatabaseProbe:
    """The only probe of the process. It is created on first use, that is, after a server's fork."""
    kept = current_app.extensions
    if "laudo_probe" not in kept:
        kept["laudo_probe"] = DatabaseProbe(current_app.config["DATABASE_URL"])
    probe: DatabaseProbe = kept["laudo_probe"]
    return probe
