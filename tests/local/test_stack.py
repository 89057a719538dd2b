"""Starting and stopping the shared servers of a folder."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import psycopg2
import pytest

from app.local import stack


@pytest.fixture
def folder(monkeypatch):
    # Short, because socket paths are limited, and accessible to PostgreSQL's own user.
    with tempfile.TemporaryDirectory(prefix="laudo-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        monkeypatch.setattr(stack, "INSTANCE", Path(name) / "instance")
        monkeypatch.setattr(stack, "state_dir", lambda: Path(name))
        yield Path(name)


def test_the_last_user_of_the_servers_stops_them(folder):
    """`make demo` started them, `make run` joined, and the demo ended first."""
    first, second = ExitStack(), ExitStack()
    first.enter_context(stack.servers({}))
    joined: stack.Environment = {}
    second.enter_context(stack.servers(joined))
    url = joined["DATABASE_URL"].replace("+psycopg2", "")
    first.close()
    psycopg2.connect(url).close()
    second.close()
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(url)
    assert not list(folder.rglob("postmaster.pid"))
