"""Addresses of Unix sockets whose path may be longer than the kernel takes (107 bytes)."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 10


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """A short name of the same place, through its open folder. Raises OSError."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def is_answering(path: Path) -> bool:
    """Whether a process listens at this socket."""
    try:
        with address_of(path) as address, socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(SECONDS)
            probe.connect(address)
    except OSError:
        return False
    return True
