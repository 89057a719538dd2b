"""The number of strikes, and the watchdog for strikes that hang."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.examples import examples

EXAMPLES = examples(30)
# Fewer per route, because there are nearly 200 and a request costs more than a parse.
ROUTE_EXAMPLES = examples(8)
# CPU time, because machines are shared; waits for locks are limited in wall time.
CPU_SECONDS, WALL_SECONDS = 5, 60


class Hung(BaseException):
    """Not an Exception, so that no handler of the app catches it."""


@contextmanager
def watchdog(cpu_seconds: float = CPU_SECONDS) -> Iterator[None]:
    def expire(number: int, _frame: object) -> None:
        raise Hung(
            f"no answer within {cpu_seconds} s of processor or {WALL_SECONDS} s of wall time"
        )

    before = [signal.signal(number, expire) for number in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in zip((signal.SIGPROF, signal.SIGALRM), before, strict=True):
            signal.signal(number, handler)
