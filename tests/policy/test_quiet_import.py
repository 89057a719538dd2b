"""Importing and making the app opens no connection and writes no file: only serving does.

Files are watched by Python's own audit events, connections at the socket and, since libpq has its
own sockets, at psycopg2.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import os, sys
import psycopg2
told = []
CHANGES = {"socket.connect", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link",
    "os.symlink", "os.chmod", "os.truncate", "tempfile.mkstemp", "tempfile.mkdtemp"}
def watch(event, arguments):
    writes = event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes and arguments[0] != os.devnull or event in CHANGES:
        told.append((event, arguments))
def refuse(*arguments, **named):
    told.append(("psycopg2.connect", arguments))
    raise AssertionError("a connection at import")
psycopg2.connect = refuse
sys.addaudithook(watch)
from app import create_app
from app.config import Settings
create_app(Settings(_env_file=None, secret_key="x" * 32, base_url="http://localhost",
    database_url="postgresql://nobody@127.0.0.1:1/none",
    platform_database_url="postgresql://nobody@127.0.0.1:1/none",
    redis_url="redis://127.0.0.1:1/0"))
print(told or "quiet")
"""
LOUD = {
    "a connection": "psycopg2.connect('host=127.0.0.1 port=1')",
    "a socket": "__import__('socket').create_connection(('127.0.0.1', 1))",
    "a file": "open(sys.argv[1] + '/made', 'w')",
    "a folder": "os.mkdir(sys.argv[1] + '/made')",
}


def told_by(script: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, folder],
        cwd=ROOT, env={**os.environ}, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr


def test_create_app_connects_to_nothing_and_writes_nothing(tmp_path):
    assert told_by(SCRIPT, tmp_path) == "quiet"


@pytest.mark.parametrize("act", LOUD)
def test_the_watch_sees(act, tmp_path):
    watch = SCRIPT[: SCRIPT.index("from app import")]
    loud = f"import contextlib\nwith contextlib.suppress(Exception, AssertionError):\n    {LOUD[act]}\n"
    assert told_by(watch + loud + 'print(told or "quiet")', tmp_path).startswith("[(")
