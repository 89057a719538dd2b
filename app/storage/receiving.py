"""Receiving a stream of unknown hash: first on local disk, then in a storage.

Uploads are written here while they are parsed (web/uploads.py), and nowhere else before that.
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

# A request may have a thousand parts, and a process can open few more files than that.
IN_MEMORY = 64 * 1024
REFUSALS: dict[int | None, type[DomainError]] = {
    errno.ENOSPC: StorageFull,
    errno.EDQUOT: StorageFull,
    errno.EFBIG: ObjectTooLarge,
}


@dataclass(frozen=True, slots=True)
class Received:
    """A stream on local disk with its SHA-256 (hex) and size in bytes. It is deleted after the
    block, or with the request that uploaded it."""

    path: Path
    sha256: str
    byte_size: int


@contextmanager
def disk_failures() -> Iterator[None]:
    """Translate a full disk or quota, and a failing disk, to our errors. Logs the cause.

    Raises StorageFull, ObjectTooLarge, StorageUnavailable. FileNotFoundError passes unchanged.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        log.error("the local disk fails: %s", error)
        raise REFUSALS.get(error.errno, StorageUnavailable)() from error


class Incoming(tempfile.SpooledTemporaryFile[bytes]):
    """A file being received: hashed while it is written; on local disk unless it is small.

    It has no name on disk, so nothing remains, even if the process is killed.
    Writing raises StorageFull and the other errors of `disk_failures`.
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
        with disk_failures():  # flushes the buffer
            return super().seek(*place)

    def rollover(self) -> None:
        try:
            super().rollover()
        except FileNotFoundError as error:  # Python tries each temporary folder that it knows
            raise OSError(errno.ENOSPC, "no folder takes temporary files") from error

    def close(self) -> None:
        with suppress(OSError):  # unwritten data is no longer needed
            super().close()

    def received(self) -> Received:
        """Everything that has been written so far."""
        with disk_failures():
            path = Path(f"/proc/self/fd/{self.fileno()}")
            self.flush()
        return Received(path, self._digest.hexdigest(), self._size)


@contextmanager
def receive(stream: BinaryIO) -> Iterator[Received]:
    """The stream on local disk. An upload is there already; other streams are copied.

    Raises StorageFull.
    """
    if isinstance(stream, Incoming):
        yield stream.received()
        return
    with Incoming() as file:
        while chunk := stream.read(CHUNK):
            file.write(chunk)
        yield file.received()
