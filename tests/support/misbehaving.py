"""What a limited child process may do; run in such a child. Imports nothing of the app."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path


def echo() -> int:
    sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])
    return 0


def tell() -> int:
    """Report what the child sees: settings, open files, modules, niceness."""
    files = [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    json.dump(
        {
            "environment": dict(os.environ),
            "files": files,
            "modules": sorted(sys.modules),
            "niceness": os.nice(0),
        },
        sys.stdout,
    )
    return 0


def hang() -> int:
    signal.pause()
    return 0


def wait() -> int:
    """Wait until the file exists whose name is the input."""
    file = Path(sys.stdin.read())
    while not file.exists():
        time.sleep(0.05)
    return 0


def spin() -> int:
    while True:
        pass


def allocate() -> int:
    hoard = []
    while True:
        hoard.append(bytearray(8 << 20))


def flood() -> int:
    while True:
        sys.stdout.write("x" * (1 << 20))


def write_stderr() -> int:
    while True:
        sys.stderr.write("x" * (1 << 20))


def fall() -> int:
    raise RuntimeError("it fell")


def crash() -> int:
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


def be_killed() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def write_stdout() -> int:
    sys.stdout.write('{"definition": 5, "problems": []}')
    return 0


def be_silent() -> int:
    return 0
