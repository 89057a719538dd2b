"""Taking in a stream whose hash is not known yet: to local disk first, and then into a storage."""

from __future__ import annotations

import errno
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.errors import DomainError
from app.storage.base import CHUNK, log
from app.storage.failures import ObjectTooLarge, StorageFull, StorageUnavailable

REFUSALS: dict[int | None, type[DomainError]] = {
    errno.ENOSPC: StorageFull,
    errno.EDQUOT: StorageFull,
    errno.EFBIG: ObjectTooLarge,
}


@dataclass(frozen=True, slots=True)
class Received:
    """A stream on local disk with its SHA-256 (hex) and size in bytes; gone after the block."""

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


@contextmanager
def receive(stream: BinaryIO) -> Iterator[Received]:
    """Write a stream to a temporary file while hashing it. Raises StorageFull."""
    digest = hashlib.sha256()
    size = 0
    with disk_failures():
        temporary = tempfile.NamedTemporaryFile(prefix="laudo-")  # noqa: SIM115 - closed below
    with temporary as file:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            with disk_failures():
                file.write(chunk)
        with disk_failures():
            file.flush()
        yield Received(Path(file.name), digest.hexdigest(), size)
