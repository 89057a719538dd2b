"""Marks what waits or computes for long: storage, mail servers, parsers, pictures, PDFs.

None of it may run inside an open transaction: row locks and the audit chain would wait with it,
and PostgreSQL ends a transaction that idles. Who watches for that is transactions.py; this module
imports nothing of ours, because what draws in a child process loads it too.
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
    """Tell the watchers before each call."""
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def watched(*args: P.args, **kwargs: P.kwargs) -> R:
        for watch in watchers:
            watch(name)
        return function(*args, **kwargs)

    watched.is_slow_work = True  # type: ignore[attr-defined]
    return watched
