"""Importing and creating the app opens no connection and writes no file.

Python's audit events show files and sockets; psycopg2 is checked separately, because libpq opens
its own sockets.
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
# Modules that only workers may load: renderers are large, and decoders could be attacked with a
# malicious file.
OF_WORKERS = ("pyhanko", "weasyprint", "pypdfium2", "pillow_heif", "simplejpeg", "exifread")
LOUD = {
    "a connection": "psycopg2.connect('host=127.0.0.1 port=1')",
    "a socket": "__import__('socket').create_connection(('127.0.0.1', 1))",
    "a file": "open(sys.argv[1] + '/made', 'w')",
    "a folder": "os.mkdir(sys.argv[1] + '/made')",
}


def output_of(script: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, folder],
        cwd=ROOT,
        env={**os.environ},
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() or done.stderr


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """One process: what the watch saw, then the loaded modules of workers, before and after the
    work is imported."""
    loaded = f"print([name for name in {OF_WORKERS} if name in sys.modules] or 'none')\n"
    work = "import app.branding.preview.making, app.documents.making, app.photos.checking\n"
    return output_of(f"{SCRIPT}{loaded}{work}{loaded}", tmp_path_factory.mktemp("quiet")).split(
        "\n"
    )


def test_create_app_connects_to_nothing_and_writes_nothing(told):
    assert told[0] == "quiet"


def test_create_app_loads_no_renderer_and_no_decoder(told):
    assert told[1:] == ["none", str([*OF_WORKERS])]


@pytest.mark.parametrize("act", LOUD)
def test_the_watch_sees(act, tmp_path):
    watch = SCRIPT[: SCRIPT.index("from app import")]
    loud = f"import contextlib\nwith contextlib.suppress(Exception, AssertionError):\n    {LOUD[act]}\n"
    assert output_of(watch + loud + 'print(told or "quiet")', tmp_path).startswith("[(")
