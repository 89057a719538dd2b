"""For all tests of checklists: the reader of workbooks has time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.definition.workbook.sandbox import CHILD


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """The reader's limits are for a web server; other work on this machine must not reach them.
    tests/definition/test_workbook_sandbox.py tests the limits themselves."""
    limits = replace(CHILD.limits, cpu_seconds=60, seconds=120, niceness=0)
    monkeypatch.setattr(CHILD, "limits", limits)
