"""The storage for a test's own puts, reads and damage, which are not acts of the app.

Tests fail if the app uses its storage inside an open transaction; this access is exempt.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import app.storage
from app import slow_work
from app.storage import Storage


@contextmanager
def unwatched() -> Iterator[None]:
    watchers = slow_work.watchers[:]
    slow_work.watchers.clear()
    try:
        yield
    finally:
        slow_work.watchers[:] = watchers


class _Unwatched:
    """A storage without the check for open transactions."""

    def __init__(self, store: Storage) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            with unwatched():
                return found(*args, **kwargs)

        return call


def storage() -> Any:
    return _Unwatched(app.storage.storage())


def whole_storage() -> Any:
    return _Unwatched(app.storage.whole_storage())


def put_bytes(key: str, data: bytes) -> None:
    with unwatched():
        app.storage.put_bytes(key, data)
