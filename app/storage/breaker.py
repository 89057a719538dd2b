"""A circuit breaker: after several consecutive failures, calls fail at once.

Without it, a storage that hangs would block every web thread for a minute, and pages that need no
file would wait behind them.
"""

from __future__ import annotations

import threading
import time
from types import TracebackType

from app.storage.failures import StorageUnavailable

FAILURES = 3
PAUSE_SECONDS = 10.0


class Breaker:
    """`with breaker:` around each call; safe between threads. Raises StorageUnavailable."""

    def __init__(self, failures: int = FAILURES, pause: float = PAUSE_SECONDS) -> None:
        self._most, self._pause = failures, pause
        self._lock = threading.Lock()
        self._failures = 0
        self._shut_until = 0.0

    def __enter__(self) -> None:
        now = time.monotonic()
        with self._lock:
            if self._failures < self._most:
                return
            if now < self._shut_until:
                raise StorageUnavailable
            # Only this call tries; the others keep failing at once until it has succeeded.
            self._shut_until = now + self._pause

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            if kind is not None and issubclass(kind, StorageUnavailable):
                self._failures += 1
                self._shut_until = time.monotonic() + self._pause
            else:
                self._failures = 0
