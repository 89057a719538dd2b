"""Taking in a stream whose hash is not known yet: to local disk first, and then into a storage.

Uploads are written here while they are parsed (web/uploads.py), and by nothing else before.
"""

from __future__ import annotations

import errno
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from app.errors import DomainError
from app.storage.base import CHUNK, log
from app.storage.failures import ObjectTooLarge, StorageFull, StorageUnavailable

# A request may have a thousand parts, and a process not much more than as many files.
IN_MEMORY = 64 * 1024
REFUSALS: dict[int | None, type[DomainError]] = {
    errno.ENOSPC: StorageFull,
    errno.EDQUOT: StorageFull,
    errno.EFBIG: ObjectTooLarge,
}


@dataclass(frozen=True, slots=True)
class Received:
    """A stream on local disk with its SHA-256 (hex) and size in bytes; gone after the block, or
    with the request that uploaded it."""

    path: Path
    sha256: str
    byte_size: int


@contextmanager
def disk_failures() -> Iterator[None]:
    """Tell a full disk or quota, and a disk that fails, from everything else. Logs what it was.

    Raises StorageFull, ObjectTooLarge, StorageUnavailable; FileNotFoundError stays what it is.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        log.error("the local disk fails: %s", error)
        raise REFUSALS.get(error.errno, StorageUnavailable)() from error


class Incoming(tempfile.SpooledTemporaryFile[bytes]):
    """A file on its way in: written once, hashed meanwhile, on local disk where it is not small.

    It has no name there, so nothing of it is left, not even by a process that is killed.
    Writing raises StorageFull and the other refusals of `disk_failures`.
    """

    def __init__(self) -> None:
        super().__init__(max_size=IN_MEMORY)
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, data: Any) -> int:
        with disk_failures():
            super().write(data)
        self._digest.update(data)
        self._size += len(data)
        return len(data)

    def seek(self, *place: int) -> int:
        with disk_failures():  # writes what waits in the buffer
            return super().seek(*place)

    def rollover(self) -> None:
        try:
            super().rollover()
        except FileNotFoundError as error:  # Python tries to write to every folder that it knows
            raise OSError(errno.ENOSPC, "no folder takes temporary files") from error

    def close(self) -> None:
        with suppress(OSError):  # what could not be written is not wanted any more
            super().close()

    def received(self) -> Received:
        """All that was written until now."""
        with disk_failures():
            path = Path(f"/proc/self/fd/{self.fileno()}")
            self.flush()
        return Received(path, self._digest.hexdigest(), self._size)


@contextmanager
def receive(stream: BinaryIO) -> Iterator[Received]:
    """The stream on local disk: an upload lies there already, anything else is written there.

    Raises StorageFull.
    """
    if isinstance(stream, Incoming):
        yield stream.received()
        return
    with Incoming() as file:
        while chunk := stream.read(CHUNK):
            file.write(chunk)
        yield file.received()
