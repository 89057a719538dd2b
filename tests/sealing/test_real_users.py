"""Who can reach the key: real users of this machine, with the modes and groups of deploy/.

The processes are forks of this one that change their user, so that nothing need be readable for
these users but what the sealer makes itself.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from app.config import SealSettings
from app.sealing.client import (
    SealerAway,
    SealIdentity,
    ask_installation,
    ask_signature,
)
from app.sealing.holder import KeyHolder
from app.sealing.server import serve

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become other users")

SEALER, LAUDO = 61_001, 61_002
PR_SET_DUMPABLE = 4
FORK = multiprocessing.get_context("fork")


def become(user: int, groups: list[int]) -> None:
    os.setgroups(groups)
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def as_user(user: int, groups: list[int], act: Callable[[], object]) -> str:
    """What the act says, or the name of its error, in a process of that user."""
    reader, writer = FORK.Pipe(duplex=False)

    def child() -> None:
        become(user, groups)
        try:
            writer.send(str(act()))
        except Exception as error:
            cause = error.__cause__
            writer.send(type(cause or error).__name__)
        os._exit(0)

    process = FORK.Process(target=child)
    process.start()
    assert reader.poll(30)
    said = reader.recv()
    process.join(10)
    return said


class Place:
    """Folders as StateDirectory and RuntimeDirectory of the sealer's unit make them."""

    def __init__(self, base: Path) -> None:
        self.keys, self.run = base / "keys", base / "run"
        for folder, mode in ((self.keys, 0o700), (self.run, 0o750)):
            folder.mkdir()
            os.chown(folder, SEALER, SEALER)
            folder.chmod(mode)
        self.socket = self.run / "sealer.sock"
        self.ready = FORK.Event()
        self.pid = 0

    def serve(self) -> None:
        become(SEALER, [])
        # Changing the user hid the memory; a process that is started as that user shows it.
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        os.umask(0o077)
        settings = SealSettings(_env_file=None, seal_dir=self.keys)  # type: ignore[call-arg]
        serve(KeyHolder(settings, "Laudo seal"), self.socket, _Ready(self))  # type: ignore[arg-type]


class _Ready:
    """Never set; the sealer waits for it as soon as it answers."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def wait(self) -> None:
        self._place.ready.set()
        signal.pause()


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Place]:
    base = tmp_path_factory.mktemp("users")
    with reachable(base):
        made = Place(base)
        process = FORK.Process(target=made.serve)
        process.start()
        made.pid = process.pid or 0
        try:
            assert made.ready.wait(60)
            yield made
        finally:
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join(10)


@contextmanager
def reachable(folder: Path) -> Iterator[None]:
    """Other users may pass through the folders of pytest, which are private."""
    modes = {}
    for one in (folder, *folder.parents):
        mode = one.stat().st_mode & 0o7777
        if not mode & 0o001:
            modes[one] = mode
            one.chmod(mode | 0o001)
    try:
        yield
    finally:
        for one, mode in modes.items():
            one.chmod(mode)


PLACES = ("current.p12", "wrapping.key")
# The web and the worker are the same user; the worker's unit has the sealer's group besides.
USERS = {"web": (LAUDO, []), "worker": (LAUDO, [SEALER])}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("who", USERS)
def test_web_and_worker_cannot_read_a_private_file(place, who, name):
    assert as_user(*USERS[who], (place.keys / name).read_bytes) == "PermissionError"
    assert as_user(SEALER, [], (place.keys / name).read_bytes) != "PermissionError"


@pytest.mark.parametrize("who", USERS)
def test_web_and_worker_cannot_even_list_or_replace_the_files(place, who):
    assert as_user(*USERS[who], lambda: list(place.keys.iterdir())) == "PermissionError"
    over = lambda: (place.keys / "current.p12").write_bytes(b"")  # noqa: E731
    assert as_user(*USERS[who], over) == "PermissionError"


def test_private_files_are_0400(place):
    modes = {name: (place.keys / name).stat().st_mode & 0o777 for name in PLACES}
    assert modes == dict.fromkeys(PLACES, 0o400)


def read_one(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(1)


@pytest.mark.parametrize("file", ["mem", "environ"])
@pytest.mark.parametrize("who", [*USERS, "sealer"])
def test_nobody_reads_the_memory_of_the_sealer(place, who, file):
    """Not even another process of the sealer's own user, as under `make run`."""
    user, groups = USERS.get(who, (SEALER, []))
    path = f"/proc/{place.pid}/{file}"
    assert as_user(user, groups, lambda: read_one(path)) == "PermissionError"


def test_the_worker_gets_seals_and_the_web_none(place):
    worker, web = USERS["worker"], USERS["web"]
    fingerprint = lambda: ask_installation(place.socket).current.fingerprint  # noqa: E731
    assert len(as_user(*worker, fingerprint)) == 64
    assert as_user(*web, fingerprint) == "PermissionError"

    def signature() -> int:
        identity = SealIdentity(uuid4(), ask_installation(place.socket).current)
        return len(ask_signature(place.socket, identity, bytes(32)))

    assert int(as_user(*worker, signature)) > 1000


def test_an_absent_sealer_is_told_from_a_forbidden_one(tmp_path):
    with pytest.raises(SealerAway) as away:
        ask_installation(tmp_path / "nobody.sock")
    assert isinstance(away.value.__cause__, FileNotFoundError)
