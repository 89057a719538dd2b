"""One sample in a process of its own: `python -m bench.pdf.sample NAME MATERIAL OUTPUT`.

Prints JSON. Import and warm-up are over before the clock starts. Children are counted: whoever
draws in one pays for it here.
"""

from __future__ import annotations

import gc
import json
import pickle
import resource
import sys
import time
from pathlib import Path


def run(name: str, material: Path, output: Path) -> dict[str, float]:
    """Wall and CPU in s; peak resident memory in MB, and how much of it the render added."""
    from bench.pdf.contenders import CONTENDERS

    contender = CONTENDERS[name]
    with material.open("rb") as file:
        given = pickle.load(file)
    contender.warm()
    gc.collect()
    _forget_peak()
    held, cpu, wall = _resident("VmRSS"), _cpu(), time.perf_counter()
    contender.render(given, output)
    wall, cpu = time.perf_counter() - wall, _cpu() - cpu
    peak = _resident("VmHWM") + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"wall": wall, "cpu": cpu, "peak_mb": peak, "grown_mb": peak - held}


def _cpu() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _resident(name: str) -> float:
    """In MB. VmHWM and not ru_maxrss, which hands down the peak of whoever started this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"this kernel does not say {name} of a process")


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
