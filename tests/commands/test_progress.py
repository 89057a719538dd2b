"""Long commands show progress: a bar on a terminal, plain lines in a log, nothing on stdout."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.commands import progress
from app.commands.progress import track
from app.config import ROOT

COMMAND = [sys.executable, "-m", "tests.commands.long_work"]
# Done of total, elapsed and remaining time, rate.
COUNTED = r"{label}: +\d+%{bar} *\d+/40 \[\d\d:\d\d<\d\d:\d\d, +[\d.]+ objects/s\]"
BYTES = r"{label}: +\d+%{bar} *[\d.]+M/50.0M \[\d\d:\d\d<\d\d:\d\d, +[\d.]+MB/s\]"


def on_a_terminal(columns: int) -> tuple[str, str]:
    """The output on the terminal, and on stdout, which is a pipe."""
    terminal, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", columns and 24, columns, 0, 0))
    with subprocess.Popen(COMMAND, cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        shown = b"".join(_chunks(terminal))
        assert process.stdout
        printed = process.stdout.read().decode()
    os.close(terminal)
    assert process.returncode == 0, shown
    return shown.decode(), printed


def _chunks(terminal: int) -> Iterator[bytes]:
    """Read until the last process has closed the terminal, which Linux reports as an error."""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            return
        if not chunk:
            return
        yield chunk


@pytest.mark.parametrize("columns", [120, 0], ids=["a terminal", "one that reports no size"])
def test_a_terminal_shows_a_bar_with_rate_and_remaining_time(columns):
    shown, printed = on_a_terminal(columns)
    frames = re.split(r"[\r\n]+", shown)
    bar = r"\|[^|]*\|"
    for pattern, label in ((COUNTED, "Copying"), (BYTES, "Dumping")):
        drawn = [one for one in frames if re.fullmatch(pattern.format(label=label, bar=bar), one)]
        assert len(drawn) > 3, shown
    assert "█" in shown
    assert printed == 'object 38 is missing\n{"ok": true}\n'


def test_a_log_gets_plain_lines_at_intervals():
    done = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env={**os.environ, "LINE_SECONDS": "0.3"},
        capture_output=True,
        check=True,
    )
    assert not re.search(rb"[^\x20-\x7e\n]", done.stderr), "no control characters, no blocks"
    lines = done.stderr.decode().splitlines()
    for pattern, label in ((COUNTED, "Copying"), (BYTES, "Dumping")):
        own = [line for line in lines if line.startswith(label)]
        assert 2 <= len(own) <= 6, lines
        assert all(re.fullmatch(pattern.format(label=label, bar=""), line) for line in own), own
    assert "40/40" in lines[len([one for one in lines if one.startswith("Copying")]) - 1]
    assert done.stdout.decode() == 'object 38 is missing\n{"ok": true}\n'


def test_work_that_ends_soon_shows_nothing(capfd):
    assert list(track(["a", "b"], "Copying")) == ["a", "b"]
    assert capfd.readouterr() == ("", "")


def test_a_stream_shows_its_count_and_rate_without_a_total(capfd, monkeypatch):
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    assert list(track(iter("ab"), "Listing", unit="tenants")) == ["a", "b"]
    (first, *_rest) = capfd.readouterr().err.splitlines()
    assert re.fullmatch(r"Listing: 1 tenants \[00:00, +[\d.]+ tenants/s\]", first)


def test_only_this_module_draws_progress():
    """All commands look alike, and one module handles logs."""
    drawing = re.compile(r"\b(tqdm|progressbar)\b")
    named = {
        str(path.relative_to(ROOT))
        for path in Path(ROOT, "app").rglob("*.py")
        if "node_modules" not in path.parts and drawing.search(path.read_text())
    }
    assert named == {"app/commands/progress.py"}
