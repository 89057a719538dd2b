"""Times a call in its own process, with the standard library alone: the earlier commit uses it too.

Child processes are included, so that contenders that render in a child are measured too.
"""

from __future__ import annotations

import gc
import resource
import threading
import time
from collections.abc import Callable
from pathlib import Path

LOOK_EVERY_S = 0.05


def timed(render: Callable[[], object]) -> dict[str, float]:
    """Wall and CPU time in s; peak resident memory in MB, and how much of it the render added.

    The memory is that of the processes alive while the clock runs: the high-water mark of this one,
    and the greatest sum of its children, which are looked at every 50 ms.
    """
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    held, children = _resident("VmRSS"), _Children()
    cpu, wall = _cpu(), time.perf_counter()
    render()
    wall, cpu = time.perf_counter() - wall, _cpu() - cpu
    peak = _resident("VmHWM") + children.stop()
    return {"wall": wall, "cpu": cpu, "peak_mb": peak, "grown_mb": peak - held}


class _Children(threading.Thread):
    """Watches the memory of all descendants of this process."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._peak = 0.0
        self._done = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._done.wait(LOOK_EVERY_S):
            self._peak = max(self._peak, sum(_proportional(one) for one in _descendants("self")))

    def stop(self) -> float:
        self._done.set()
        self.join()
        return self._peak


def _descendants(process: str) -> list[str]:
    found = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            found += [child, *_descendants(child)]
    return found


def _proportional(process: str) -> float:
    """Its memory in MB, of which shared pages count once among all that share them."""
    try:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def _cpu() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def _resident(name: str) -> float:
    """In MB. VmHWM, because ru_maxrss inherits the peak of the parent process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"this kernel does not say {name} of a process")
