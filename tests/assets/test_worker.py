"""The service worker's decisions, in Node on fake caches and a fake server (tests/assets/worker)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.assets.building import ASSETS, node

WORKER = ASSETS / "src" / "worker"
SUITES = sorted((Path(__file__).parent / "worker").glob("*.test.mjs"))
COMMENTS = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
ONLY_IN_BROWSERS = re.compile(
    r"\b(self|globalThis|document|window|location|navigator|indexedDB|clients|registration"
    r"|addEventListener)\b"
)


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.name)
def test_the_suite_passes(suite: Path) -> None:
    command = [node(), "--test", "--test-reporter=spec", str(suite)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"pass [1-9]", ran.stdout), ran.stdout


def test_all_suites_are_run() -> None:
    assert {path.name for path in SUITES} >= {"tasks.test.mjs", "pages.test.mjs", "kept.test.mjs"}


@pytest.mark.parametrize(
    "path", sorted(WORKER.glob("*.js")), ids=lambda path: getattr(path, "name", "")
)
def test_only_the_entry_touches_the_workers_globals(path: Path) -> None:
    found = ONLY_IN_BROWSERS.findall(COMMENTS.sub("", path.read_text()))
    assert bool(found) == (path.name == "sw.js"), found
