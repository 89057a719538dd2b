"""What the figures were measured on: no figure is printed without it."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from app.config import ROOT

PACKAGES = ("weasyprint", "pillow", "reportlab", "pikepdf", "flask", "sqlalchemy", "gunicorn")


def facts() -> dict[str, object]:
    """Processor, cores, memory, versions, commit, and how busy the machine is at this moment."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "load_average": [round(one, 2) for one in os.getloadavg()],
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "commit": _commit(),
    }


def sentence(found: dict[str, object]) -> str:
    """The facts in one line, for above a table."""
    return (
        f"{found['at']}, {found['cores']} cores of {found['processor']}, {found['memory_gb']} GB,"
        f" Python {found['python']}, commit {found['commit']},"
        f" load average before: {found['load_average']}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or "unknown"
