"""Runs a function of the app in an interpreter of its own, for parsing files from strangers.

The web process only waits. It has threads, and a fork of it would inherit locks that nobody lets
go (workers have none and fork: imaging/child.py). The child takes the package empty, so that it
loads the modules of its function and not Flask and all the rest: a second of somebody's time. It
sees no setting and no secret of ours. Limits stand before the first import; output beyond them is
not taken. End the database transaction first: what runs here takes seconds.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import BoundedSemaphore
from time import monotonic
from typing import BinaryIO

from app.errors import DomainError
from app.slow_work import slow_work

APP = Path(__file__).resolve().parent
_OUT_OF_MEMORY = 77
_CHILD = f"""
import importlib, os, resource, signal, sys, types
app, function, *limits = sys.argv[1:]
memory, cpu, seconds, output, niceness = map(int, limits)
for kind, limit in (("AS", memory), ("FSIZE", output), ("CORE", 0)):
    resource.setrlimit(getattr(resource, "RLIMIT_" + kind), (limit, limit))
resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
os.nice(niceness)
for name in (signal.SIGXCPU, signal.SIGALRM):  # what the parent ignores would be ignored here, too
    signal.signal(name, signal.SIG_DFL)
signal.alarm(seconds)  # for a child whose parent was killed
package = sys.modules["app"] = types.ModuleType("app")
package.__path__ = [app]
module, _, name = function.partition(":")
try:
    status = getattr(importlib.import_module(module), name)()
except MemoryError:
    status = {_OUT_OF_MEMORY}
sys.exit(status)
"""


class Limit(StrEnum):
    """What a child ran into."""

    MEMORY = "memory"
    PROCESSOR = "processor"
    TIME = "time"


_STOPPED_BY = {
    _OUT_OF_MEMORY: Limit.MEMORY,
    -signal.SIGKILL: Limit.MEMORY,  # the kernel's choice, where the machine has none left
    -signal.SIGXCPU: Limit.PROCESSOR,
    -signal.SIGALRM: Limit.TIME,
}


class Busy(DomainError):
    """Other files are being read just now. Send yours again in a minute."""

    status = 503
    retry_after = 30


class TooHeavy(RuntimeError):
    """The child ran into a limit."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(limit)
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use. `seconds` counts from the request, a wait for a free place too."""

    memory_bytes: int
    cpu_seconds: int
    seconds: float
    output_bytes: int = 16 << 20
    niceness: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a child ended: its exit status (negative: the signal), output, and last complaint."""

    status: int
    output: bytes
    complaint: str


class Apart:
    """One kind of work: its function, limits, and how many children this process may have for it.

    `function` is "module:name"; it reads standard input, writes standard output and returns the
    exit status. Who finds all places taken waits for `patience` seconds: longer, and the waiting
    would hold every thread that other people's pages need.
    """

    def __init__(self, function: str, limits: Limits, *, at_once: int, patience: float) -> None:
        self.function = function
        self.limits = limits
        self.patience = patience
        self._places = BoundedSemaphore(at_once)

    @slow_work
    def run(self, data: bytes) -> Outcome:
        """Raises Busy and TooHeavy."""
        deadline = monotonic() + self.limits.seconds
        if not self._places.acquire(timeout=self.patience):
            raise Busy
        try:
            # Files in memory instead of pipes: nobody need read along, and RLIMIT_FSIZE counts.
            with _memory_file() as given, _memory_file() as made, _memory_file() as said:
                given.write(data)
                given.seek(0)
                status = self._wait(given, made, said, deadline)
                return Outcome(status, _content(made), _content(said).decode(errors="replace"))
        finally:
            self._places.release()

    def _wait(self, given: BinaryIO, made: BinaryIO, said: BinaryIO, deadline: float) -> int:
        limits = self.limits
        numbers = (
            limits.memory_bytes, limits.cpu_seconds, int(limits.seconds) + 1,
            limits.output_bytes, limits.niceness,
        )  # fmt: skip
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(APP), self.function, *map(str, numbers)],
            stdin=given,
            stdout=made,
            stderr=said,
            cwd=APP.parent,
            env={"PATH": os.defpath},
        )
        try:
            status = child.wait(max(deadline - monotonic(), 0))
        except subprocess.TimeoutExpired as error:
            raise TooHeavy(Limit.TIME) from error
        finally:
            child.kill()  # does nothing to one that has ended
            child.wait()
        if status in _STOPPED_BY:
            raise TooHeavy(_STOPPED_BY[status])
        return status


def _memory_file() -> BinaryIO:
    return open(os.memfd_create("laudo"), "w+b")


def _content(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()
