"""Sealers for tests: the real server in a thread of this process, with its own keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from sqlalchemy import select

from app.config import SealSettings
from app.documents.jobs import STAMPING
from app.documents.own_keys import use_own_key
from app.documents.stamps import request_missing_stamps
from app.extensions import db
from app.jobs import runner
from app.models import Actor, DocumentStamp
from app.sealing.certificates import make_key_pair
from app.sealing.client import ask_wrapped
from app.sealing.folder import KeyFolder
from app.sealing.holder import KeyHolder
from app.sealing.server import answering
from app.tenancy import tenant_scope
from tests.support.authorities import running_authority
from tests.support.cast import Cast

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


def own_keys(app: Flask, cast: Cast) -> None:
    """The company has had two keys of its own; the second is in use."""
    for name in ("Acme before", "Acme"):
        pkcs12 = make_key_pair(name).as_pkcs12()
        with app.app_context(), tenant_scope(cast.acme):
            wrapped, certificate = ask_wrapped(app.config[ENV], cast.acme, pkcs12, None)
            use_own_key(wrapped=wrapped, certificate=certificate, actor=Actor("Operator"))
            db.session.commit()


def stamp_document(app: Flask, cast: Cast) -> None:
    """The company's sealed PDF gets its time stamp."""
    with TemporaryDirectory() as name, running_authority(Path(name)) as authority:
        app.config["TSA_URL"] = authority.url
        with app.app_context(), tenant_scope(cast.acme):
            assert request_missing_stamps() == 1
            db.session.commit()
            stamp_id = db.session.scalars(select(DocumentStamp.id)).one()
        with app.app_context():
            runner.run(STAMPING.name, str(stamp_id))
        app.config["TSA_URL"] = ""


def start_sealer(folder: Path) -> ExitStack:
    """The sealer of all tests of this run, also of the processes that they start."""
    stack = ExitStack()
    running = stack.enter_context(running_sealer(folder))
    os.environ[ENV] = str(running.socket)
    return stack
