"""Runs a function of the app in a separate interpreter, for parsing untrusted files.

The web process only waits. It has threads, so a fork would inherit locks that are never released
(job workers have no threads and fork: imaging/child.py). The child imports an empty app package, so
that it loads only its function's modules and not Flask, which would take a second. It sees no
settings and no secrets. Limits are set before the first import; output beyond them is discarded.
End the database transaction first: this takes seconds.
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


class ExceededLimit(StrEnum):
    """The limit that a child exceeded."""

    MEMORY = "memory"
    PROCESSOR = "processor"
    TIME = "time"


_STOPPED_BY = {
    _OUT_OF_MEMORY: ExceededLimit.MEMORY,
    -signal.SIGKILL: ExceededLimit.MEMORY,  # from the kernel, when the machine is out of memory
    -signal.SIGXCPU: ExceededLimit.PROCESSOR,
    -signal.SIGALRM: ExceededLimit.TIME,
}


class Busy(DomainError):
    """Other files are being read right now. Send yours again in a minute."""

    status = 503
    retry_after = 30


class TooHeavy(RuntimeError):
    """The child exceeded a limit."""

    def __init__(self, limit: ExceededLimit) -> None:
        super().__init__(limit)
        self.limit = limit


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What one child may use. `seconds` includes the wait for a free slot."""

    memory_bytes: int
    cpu_seconds: int
    seconds: float
    output_bytes: int = 16 << 20
    niceness: int = 0


@dataclass(frozen=True, slots=True)
class ChildResult:
    """How a child ended: exit status (negative: the signal), standard output and error."""

    status: int
    output: bytes
    complaint: str


class IsolatedFunction:
    """One kind of work: its function, its limits and the number of children at a time.

    `function` is "module:name"; it reads standard input, writes standard output and returns the
    exit status. A caller waits at most `patience` seconds for a free slot: longer waits would
    occupy the threads that other pages need.
    """

    def __init__(
        self, function: str, limits: ChildLimits, *, at_once: int, patience: float
    ) -> None:
        self.function = function
        self.limits = limits
        self.patience = patience
        self._places = BoundedSemaphore(at_once)

    @slow_work
    def run(self, data: bytes, *, seconds: float | None = None) -> ChildResult:
        """`seconds` is what is left of a longer request. Raises Busy and TooHeavy."""
        deadline = monotonic() + min(seconds or self.limits.seconds, self.limits.seconds)
        if not self._places.acquire(timeout=self.patience):
            raise Busy
        try:
            # Files in memory instead of pipes: no reader is needed, and RLIMIT_FSIZE applies.
            with _memory_file() as stdin, _memory_file() as stdout, _memory_file() as stderr:
                stdin.write(data)
                stdin.seek(0)
                status = self._wait(stdin, stdout, stderr, deadline)
                return ChildResult(
                    status, _content(stdout), _content(stderr).decode(errors="replace")
                )
        finally:
            self._places.release()

    def _wait(self, stdin: BinaryIO, stdout: BinaryIO, stderr: BinaryIO, deadline: float) -> int:
        limits = self.limits
        numbers = (
            limits.memory_bytes,
            limits.cpu_seconds,
            int(limits.seconds) + 1,
            limits.output_bytes,
            limits.niceness,
        )
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(APP), self.function, *map(str, numbers)],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=APP.parent,
            env={"PATH": os.defpath},
        )
        try:
            status = child.wait(max(deadline - monotonic(), 0))
        except subprocess.TimeoutExpired as error:
            raise TooHeavy(ExceededLimit.TIME) from error
        finally:
            child.kill()  # has no effect if it has ended
            child.wait()
        if status in _STOPPED_BY:
            raise TooHeavy(_STOPPED_BY[status])
        return status


def _memory_file() -> BinaryIO:
    return open(os.memfd_create("laudo"), "w+b")


def _content(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()
