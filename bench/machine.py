"""The machine that was measured. Every printed figure comes with it."""

from __future__ import annotations

import os
import platform
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app.config import ROOT

PACKAGES = (
    "weasyprint",
    "pillow",
    "reportlab",
    "typst",
    "pikepdf",
    "flask",
    "sqlalchemy",
    "gunicorn",
)


def facts() -> dict[str, object]:
    """Processor, cores, memory, versions, commit, and the current load average."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "load_average": [round(one, 2) for one in os.getloadavg()],
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": _versions(),
        "commit": _commit(),
    }


def sentence(found: dict[str, object]) -> str:
    """The facts in one line, to print above a table."""
    return (
        f"{found['at']}, {found['cores']} cores of {found['processor']}, {found['memory_gb']} GB,"
        f" Python {found['python']}, commit {found['commit']},"
        f" load average before: {found['load_average']}"
    )


def _versions() -> dict[str, str]:
    """Versions of the libraries. Without the bench extra, reportlab is missing."""
    found = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"
