"""Ways in which Redis can fail: stopped, not answering, emptied."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.site import Site


@contextmanager
def stopped(site: Site) -> Iterator[None]:
    site.valkey.stop()
    yield
    site.valkey.start()


@contextmanager
def hung(site: Site) -> Iterator[None]:
    """The port accepts connections but never answers."""
    pid = site.valkey._pid()
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def emptied(site: Site) -> Iterator[None]:
    yield
    site.redis().flushall()
