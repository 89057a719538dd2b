"""Two acts that interleave deterministically, without sleeps.

The first act stops in the middle, at `here`; then the second begins. The first continues once the
second waits for a lock in PostgreSQL or is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from flask import Flask

from app.extensions import db
from tests.support import servers as test_servers
from tests.support.alone import outcome_of

SECONDS = 20


class Crossing:
    """`run(first, second)` returns both outcomes: DONE, or the error of the act or the database."""

    def __init__(self, app: Flask, tenant: UUID) -> None:
        self._app, self._tenant = app, tenant
        self._is_half_way = Event()
        self._second: Thread | None = None
        with app.app_context():
            self._database = db.engine.url.database

    def stop_before(self, monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
        """Make the first act that calls this function stop before it."""
        original = getattr(module, name)

        def stopping(*args: Any, **kwargs: Any) -> Any:
            self.here()
            return original(*args, **kwargs)

        monkeypatch.setattr(module, name, stopping)

    def here(self) -> None:
        if self._is_half_way.is_set():
            return
        self._is_half_way.set()
        end = time.monotonic() + SECONDS
        connection = psycopg2.connect(test_servers.current().postgres().dsn(database="postgres"))
        connection.autocommit = True
        try:
            while not self._waits(connection) and self._second and self._second.is_alive():
                assert time.monotonic() < end, "the second act neither waits nor ends"
                time.sleep(0.02)
        finally:
            connection.close()

    def run(
        self, first: Callable[[], object], second: Callable[[], object]
    ) -> tuple[object, object]:
        outcomes: dict[str, object] = {}

        def later() -> None:
            self._is_half_way.wait(SECONDS)
            outcomes["second"] = outcome_of(self._app, self._tenant, second)

        self._second = Thread(target=later)
        self._second.start()
        outcomes["first"] = outcome_of(self._app, self._tenant, first)
        assert self._is_half_way.is_set(), f"the first act never came half way: {outcomes}"
        self._second.join(timeout=3 * SECONDS)
        return outcomes["first"], outcomes["second"]

    def _waits(self, connection: Any) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "select count(*) from pg_stat_activity"
                " where datname = %s and wait_event_type = 'Lock'",
                (self._database,),
            )
            return bool(cursor.fetchone()[0])
