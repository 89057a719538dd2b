"""Whether PostgreSQL answers, found out in bounded time: for load balancers, not for people.

A connection of its own per process, driven without blocking: the pool may be busy, and a server
that hangs with its socket open would hold an ordinary connection for ever.
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
    """`answers()` is one `select 1`, on a kept connection where there is one."""

    def __init__(self, url: str) -> None:
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(False)
        self._connection: extensions.connection | None = None
        self._lock = threading.Lock()

    def answers(self, seconds: float = SECONDS) -> bool:
        """Whether the database answered within `seconds`. Never raises, never takes longer."""
        deadline = time.monotonic() + seconds
        if not self._lock.acquire(timeout=seconds):
            return False
        try:
            return self._asked(deadline)
        finally:
            self._lock.release()

    def _asked(self, deadline: float) -> bool:
        kept = self._connection is not None
        try:
            self._ask(deadline)
        except (psycopg2.Error, TimeoutError):
            self._drop()
            # The kept connection may only be a leaver from before the server's restart.
            return kept and time.monotonic() < deadline and self._asked(deadline)
        return True

    def _ask(self, deadline: float) -> None:
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
    """Let an asynchronous connection finish what it does. Raises TimeoutError."""
    while (state := connection.poll()) != extensions.POLL_OK:
        remaining = deadline - time.monotonic()
        handle = connection.fileno()
        reading = [handle] if state == extensions.POLL_READ else []
        writing = [handle] if state == extensions.POLL_WRITE else []
        if remaining <= 0 or not any(select.select(reading, writing, [], remaining)):
            raise TimeoutError


def get_probe() -> DatabaseProbe:
    """The process's one probe, made at the first question: after a server's fork."""
    kept = current_app.extensions
    if "laudo_probe" not in kept:
        kept["laudo_probe"] = DatabaseProbe(current_app.config["DATABASE_URL"])
    probe: DatabaseProbe = kept["laudo_probe"]
    return probe
