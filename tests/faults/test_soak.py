"""The soak's own bookkeeping: errors of its threads are counted, and the threads continue."""

from __future__ import annotations

import subprocess
import sys
import time
from random import Random
from types import SimpleNamespace

import pytest

from tests.faults import soak


class Workers(SimpleNamespace):
    """A stand-in for a site, with processes that only sleep."""

    def start(self, _kind: str, name: str) -> None:
        sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
        self.processes[name] = subprocess.Popen(sleep)

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        process.wait(10)


@pytest.fixture
def site():
    made = Workers(processes={})
    made.start("worker", "worker")
    yield made
    made.stop("worker")


def test_an_error_in_a_killer_thread_is_counted_and_it_continues(site, monkeypatch):
    first = site.processes["worker"]
    found: list[str] = []

    def look(_site: object, worker: str) -> None:
        found.append(worker)
        assert len(found) != 1, "an orphan burns the processor"

    monkeypatch.setattr(soak, "find_render", look)
    shared = soak.KillState(site, 1, time.monotonic() + 1, Random(1))
    shared.kill_on("worker")
    (wrong,) = shared.wrong
    assert wrong.startswith("striking worker: AssertionError: an orphan burns the processor")
    assert len(found) > 2
    assert first.poll() is not None and site.processes["worker"].poll() is None
