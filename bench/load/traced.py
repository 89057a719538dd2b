"""Gunicorn settings of a traced run: those of gunicorn.conf.py, and a line for every save.

Gunicorn loads this file by path in the place of gunicorn.conf.py. The trace costs each save about a
tenth of a millisecond, so a traced run says where time goes, not how fast the product is.
"""

from __future__ import annotations

import json
import os
import runpy
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

ROOT = Path(__file__).resolve().parents[2]
_own = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
globals().update({name: value for name, value in _own.items() if not name.startswith("_")})


class _Save(threading.local):
    """What this thread's save has spent so far, in seconds by part."""

    waited = 0.0
    spent: dict[str, float] | None = None
    began = 0.0

    def add(self, part: str, seconds: float) -> None:
        if self.spent is not None:
            self.spent[part] = self.spent.get(part, 0.0) + seconds


_save = _Save()


class TracedWorker(_own["worker_class"]):  # type: ignore[misc]
    """Notes how long a complete request waited for a thread."""

    def _hand_over(self, conn: Any) -> None:
        conn.came_at = time.perf_counter()
        super()._hand_over(conn)

    def handle_request(self, req: Any, conn: Any) -> bool:
        _save.waited = time.perf_counter() - conn.came_at
        return bool(super().handle_request(req, conn))


worker_class = TracedWorker


def post_worker_init(worker: Any) -> None:
    _own["post_worker_init"](worker)
    _listen(worker.wsgi)
    worker.wsgi = Traced(worker.wsgi, Path(os.environ["LOAD_TRACE"]))


class Traced:
    """The app, with one JSON line in `path` for each POST of an answer."""

    def __init__(self, app: Callable[..., Iterable[bytes]], path: Path) -> None:
        self._app = app
        self._file = path.open("a", buffering=1)

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] != "POST" or "/fields/" not in path or "/photos" in path:
            return self._app(environ, start)
        began, processor = time.perf_counter(), time.thread_time()
        _save.spent = {"thread": _save.waited}
        try:
            return list(self._app(environ, start))
        finally:
            spent, _save.spent = _save.spent or {}, None
            spent["processor"] = time.thread_time() - processor
            whole = time.perf_counter() - began + _save.waited
            self._file.write(json.dumps({"at": time.time(), "whole": whole, **spent}) + "\n")


def part_of(statement: str) -> str:
    """The part that a statement's time belongs to."""
    if statement.startswith("INSERT INTO audit_entries"):
        return "chain's lock"
    return "row lock" if "FOR NO KEY UPDATE" in statement else "PostgreSQL"


def _listen(app: Any) -> None:
    """Time every statement, every commit, and the wait for a connection of the pool."""
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine

    def before(*_given: object) -> None:
        _save.began = time.perf_counter()

    def after(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        _save.add(part_of(statement), time.perf_counter() - _save.began)

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    engine.pool.connect = _timed("connection", engine.pool.connect)
    engine.dialect.do_commit = _timed("PostgreSQL", engine.dialect.do_commit)


def _timed(part: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*given: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return call(*given, **named)
        finally:
            _save.add(part, time.perf_counter() - began)

    return timed
