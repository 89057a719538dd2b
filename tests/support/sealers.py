"""Sealers for tests: the real server in a thread of this process, with its own keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from app.config import SealSettings
from app.sealing.folder import KeyFolder
from app.sealing.holder import KeyHolder
from app.sealing.server import answering

ENV = "SEAL_SOCKET"


@dataclass(frozen=True)
class RunningSealer:
    """`socket` is where it answers; `keys` is its folder."""

    socket: Path
    keys: KeyFolder


@contextmanager
def running_sealer(folder: Path, **settings: object) -> Iterator[RunningSealer]:
    """A sealer with its keys in the folder, while the block runs."""
    own = SealSettings(_env_file=None, seal_dir=folder / "seal", **settings)  # type: ignore[call-arg, arg-type]
    path = folder / "sealer.sock"
    with answering(KeyHolder(own, "Laudo seal of the tests"), path):
        yield RunningSealer(path, KeyFolder(own.seal_dir))


@contextmanager
def sealing_with(app: Flask, socket: Path) -> Iterator[None]:
    """Workers of this app ask at this socket while the block runs."""
    before = app.config[ENV]
    app.config[ENV] = socket
    try:
        yield
    finally:
        app.config[ENV] = before


def start_sealer(folder: Path) -> ExitStack:
    """The sealer of all tests of this run, also of the processes that they start."""
    stack = ExitStack()
    running = stack.enter_context(running_sealer(folder))
    os.environ[ENV] = str(running.socket)
    return stack
