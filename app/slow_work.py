"""Marks functions that wait or compute for long: storage, mail servers, parsers, pictures, PDFs.

They must not run inside an open transaction: it would hold row locks and the audit chain meanwhile,
and PostgreSQL ends idle transactions. transactions.py checks this. This module imports nothing of
the app, because the child processes that draw load it too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

watchers: list[Callable[[str], None]] = []
"""Each is told the name of slow work that is about to begin."""


def slow_work(function: Callable[P, R]) -> Callable[P, R]:
    """Notify the watchers before each call."""
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def watched(*args: P.args, **kwargs: P.kwargs) -> R:
        for watch in watchers:
            watch(name)
        return function(*args, **kwargs)

    watched.is_slow_work = True  # type: ignore[attr-defined]
    return watched
