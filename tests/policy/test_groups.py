"""Tests of one xdist group run in one worker: they share a stack, a Redis database, a folder or an
expensive set-up. Tests without a named group form a group with their module."""

from __future__ import annotations

import os

import pytest

pytestmark = pytest.mark.xdist_group("groups")


def test_groups_hold(request: pytest.FixtureRequest) -> None:
    """With a pytest that xdist does not support yet, groups would silently be split."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        assert request.node.nodeid.endswith("@groups")


def test_each_test_has_a_group(request: pytest.FixtureRequest) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        names = [one.nodeid for one in request.session.items]
        assert [name for name in names if name.rfind("@") < name.rfind("]")] == []
        assert [name for name in names if "@" not in name] == []
