"""Tests of one xdist group run in one worker: they share a stack, a Redis number, a folder, or just
what was dear to set up."""

from __future__ import annotations

import os

import pytest

pytestmark = pytest.mark.xdist_group("groups")


def test_groups_hold(request: pytest.FixtureRequest) -> None:
    """A pytest that xdist does not know yet runs them in all workers at once, and says nothing."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        assert request.node.nodeid.endswith("@groups")
