"""The interface of every storage, local disk or S3. Features use only `storage()` and this.

Callers put the object first and commit its row afterwards, so that a row never names a missing
object. Reads return bytes only after comparing their SHA-256 with the one in the key.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

from app.storage.failures import CorruptObject
from app.storage.keys import sha256_of_key

log = logging.getLogger(__name__)

CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Listed:
    """One stored object: size in bytes, and the aware time of its last put."""

    key: str
    byte_size: int
    put_at: datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """The name and type that a browser sees for a download."""

    file_name: str
    media_type: str


class Storage(Protocol):
    """Every method raises StorageUnavailable while the storage does not answer."""

    def put(self, key: str, source: Path) -> None:
        """Store the file's bytes under `key` atomically, unless an intact object is already there.

        Either way, the object's age starts again. Raises StorageFull, ObjectTooLarge, and
        CorruptObject if the hash of the bytes is not the one in the key.
        """

    def open(self, key: str) -> BinaryIO:
        """Open the object after verifying all its bytes. Raises MissingObject, CorruptObject."""

    def local_path(self, key: str, directory: Path) -> Path:
        """Return a local file with the verified bytes, created in `directory` unless already local.

        Raises MissingObject, CorruptObject.
        """

    def local_paths(self, keys: Iterable[str], directory: Path) -> dict[str, Path]:
        """The local files of many objects by key, as of `local_path`, several fetched at a time.

        Missing objects are left out. Raises CorruptObject.
        """

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """Delete the object, if there is one."""

    def delete_if_older(self, key: str, than: datetime) -> bool:
        """Delete the object if it was put before `than`, atomically. True if it was deleted.

        A concurrent put either keeps the object or stores it again.
        """

    def list(self, tenant_id: UUID) -> Iterator[Listed]:
        """A tenant's objects, unordered. May include objects put or deleted during the listing."""

    def list_tenants(self) -> Iterator[UUID]:
        """The tenants that have objects, unordered. May include a tenant whose last object is gone.

        The storage does not ask the database: a tenant may be erased or of another installation.
        """

    def link(self, key: str, attachment: Attachment, seconds: int) -> str | None:
        """A URL that serves the bytes without Laudo; None if the storage has no such links.

        Raises MissingObject, CorruptObject.
        """

    def free_bytes(self) -> int | None:
        """The free space, or None if the storage cannot tell."""


def check_digest(key: str, digest: str) -> None:
    """Compare the SHA-256 (hex) of bytes with their key's. Raises CorruptObject, and logs it."""
    if digest != sha256_of_key(key):
        log.error("the bytes under %s are not its own: their SHA-256 is %s", key, digest)
        raise CorruptObject(key)


def hash_file(file: BinaryIO) -> str:
    """The SHA-256 (hex) of the whole file. Rewinds the file before and afterwards."""
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    return digest
