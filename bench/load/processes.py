"""The processor time and memory of each process, measured from outside."""

from __future__ import annotations

import contextlib
import re
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MB = 1024**2
HIGH_WATER, ANONYMOUS = "VmHWM", "RssAnon"


@dataclass(slots=True)
class Usage:
    """One party's CPU seconds since the start of the watch, and its memory at each sample.

    `memory` has (seconds since the start, MB of anonymous memory) of the processes that live for
    the whole run: the process itself and, for a web server, its workers. PSS does not measure
    growth: it falls while a child that renders shares the same pages. `most` is the maximum of PSS,
    including such children. `high_water` is the sum of the kernel's peaks of each process, also
    between samples: an upper bound of their joint peak.
    """

    cpu: float = 0.0
    memory: list[tuple[float, float]] = field(default_factory=list)
    most: float = 0.0
    high_water: float = 0.0
    processes: int = 0

    def slope(self, after: float = 0.0) -> float:
        """MB per minute by least squares, over the samples later than `after` seconds."""
        seen = [(at / 60, held) for at, held in self.memory if at >= after]
        if len(seen) < 3:
            return 0.0
        return statistics.linear_regression(*zip(*seen, strict=True)).slope

    def first(self, after: float) -> float:
        return next((held for at, held in self.memory if at >= after), self.last)

    @property
    def last(self) -> float:
        return self.memory[-1][1] if self.memory else 0.0


class Watch:
    """Samples process trees by name until it is stopped.

    Then `ended_after` is the duration in seconds, and `elsewhere` the CPU seconds of all other
    processes on this machine.
    """

    def __init__(self, roots: Mapping[str, int], every: float) -> None:
        self._roots = {name: psutil.Process(pid) for name, pid in roots.items()}
        self._every = every
        self._start = time.monotonic()
        self._busy_before = _busy()
        self._before = {name: _spent(root) for name, root in self._roots.items()}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_often, daemon=True)
        self.usage: dict[str, Usage] = defaultdict(Usage)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_rest: object) -> None:
        self._ended.set()
        self._thread.join()
        self._look()
        self.ended_after = time.monotonic() - self._start
        parties = sum(one.cpu for one in self.usage.values())
        self.elsewhere = max(0.0, _busy() - self._busy_before - parties)

    def _look_often(self) -> None:
        while True:
            self._look()
            if self._ended.wait(self._every):
                return

    def _look(self) -> None:
        for name, root in self._roots.items():
            usage = self.usage[name]
            try:
                held = _memory_of(root)
                usage.cpu = max(usage.cpu, _spent(root) - self._before[name])
            except psutil.NoSuchProcess:
                continue
            lasting = 1 if name.startswith("worker") else len(held)
            anonymous = _status(root, lasting, ANONYMOUS)
            usage.memory.append((time.monotonic() - self._start, anonymous))
            usage.most = max(usage.most, sum(held))
            usage.high_water = max(usage.high_water, _status(root, lasting, HIGH_WATER))
            usage.processes = max(usage.processes, len(held))


def _busy() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq + times.steal)


def _tree(root: psutil.Process) -> Iterator[psutil.Process]:
    yield root
    yield from root.children(recursive=True)


def _memory_of(root: psutil.Process) -> list[float]:
    """The PSS of each process of the tree in MB."""
    held = []
    for process in _tree(root):
        try:
            held.append(process.memory_full_info().pss / MB)
        except psutil.NoSuchProcess:
            continue
    return held


def _status(root: psutil.Process, processes: int, line: str) -> float:
    """The sum in MB of a line of /proc/PID/status over the first `processes` of the tree."""
    total = 0.0
    for process in list(_tree(root))[:processes]:
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{process.pid}/status").read_text()
            if found := re.search(rf"^{line}:\s+(\d+) kB", status, re.MULTILINE):
                total += int(found[1]) / 1024
    return total


def _spent(root: psutil.Process) -> float:
    """CPU seconds of the tree, including children that have ended."""
    spent = 0.0
    for process in _tree(root):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system + times.children_user + times.children_system
    return spent
