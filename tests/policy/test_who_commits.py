"""Commits stand in routes, the job runner, the relay with its daily acts and the commands; nowhere
else."""

from __future__ import annotations

import re
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "app"
ALLOWED = re.compile(
    r"(^|/)([a-z_]*routes\.py)$|^jobs/(runner|daily)\.py$|^commands/([a-z_]+/)?[a-z_]+\.py$"
)
COMMIT = re.compile(r"\.commit\(\)")


def test_only_the_edges_commit():
    wrong = [
        str(path.relative_to(APP))
        for path in APP.rglob("*.py")
        if "node_modules" not in path.parts
        and COMMIT.search(path.read_text())
        and not ALLOWED.search(str(path.relative_to(APP)))
    ]
    assert wrong == []


def test_routes_hold_no_queries():
    for path in APP.rglob("*routes.py"):
        assert not re.search(r"\bselect\(", path.read_text()), path
