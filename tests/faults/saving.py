"""Technicians who autosave continuously while PostgreSQL crashes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from tests.faults.people import Client, make_reports
from tests.faults.site import Site


@dataclass
class Outage:
    """When the server was stopped and when it accepted connections again (`time.time()`)."""

    down: float
    up: float


@dataclass
class Saver:
    """One technician with their own report; `trouble` has every answer other than 200."""

    client: Client
    report: UUID
    pause: float
    trouble: list[int] = field(default_factory=list)
    last_saved: float = 0.0

    def run(self, stop: threading.Event, random: Random) -> None:
        version = 0
        while not stop.is_set():
            status = self.client.save(self.report, "note", f"value {version + 1}", version)
            if status == 200:
                version += 1
                self.last_saved = time.time()
            else:
                self.trouble.append(status)
            stop.wait(random.uniform(0, self.pause))


@contextmanager
def savers_at_work(site: Site, count: int, pause: float = 0.1) -> Iterator[list[Saver]]:
    """Logged-in technicians save until the block ends, which waits for their last saves."""
    stop = threading.Event()
    savers = []
    for report in make_reports(site, count):
        client = Client(site, site.cast.tess)
        assert client.log_in() == 200
        savers.append(Saver(client, report, pause))
    threads = [
        threading.Thread(target=saver.run, args=(stop, Random(number)), daemon=True)
        for number, saver in enumerate(savers)
    ]
    for thread in threads:
        thread.start()
    try:
        yield savers
    finally:
        stop.set()
        for thread in threads:
            thread.join(90)


def crash(site: Site) -> Outage:
    down = time.time()
    site.crash_postgres()
    return Outage(down, time.time())


def refusals_outside(savers: list[Saver], outages: list[Outage], slack: float) -> list[str]:
    """5xx answers when the server had been up for more than `slack` seconds, and those that are not
    a 503 with Retry-After."""
    wrong = []
    for saver in savers:
        for at, status, retry_after in saver.client.refusals:
            if status != 503 or not retry_after:
                wrong.append(f"{status} with Retry-After {retry_after!r}")
            elif not any(one.down <= at <= one.up + slack for one in outages):
                wrong.append("503 while the server was up")
    return wrong
