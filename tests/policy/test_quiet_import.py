"""Importing the app opens no connection and makes no file: only serving does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import socket
def refuse(*arguments):
    raise AssertionError(f"a connection at import: {arguments}")
socket.socket.connect = refuse
from app import create_app
from app.config import Settings
create_app(Settings(_env_file=None, secret_key="x" * 32, base_url="http://localhost",
    database_url="postgresql://nobody@127.0.0.1:1/none",
    platform_database_url="postgresql://nobody@127.0.0.1:1/none",
    redis_url="redis://127.0.0.1:1/0"))
print("quiet")
"""


def test_create_app_connects_to_nothing():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env={**os.environ}, capture_output=True, text=True
    )
    assert done.stdout.strip() == "quiet", done.stderr
