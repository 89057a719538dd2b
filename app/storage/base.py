"""What every storage offers, local disk and S3 alike; features use `storage()` and this alone.

Callers put first and commit the row after, so that a row never points at nothing. Bytes are read
only after their SHA-256 was compared with the one that their key names.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
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
    """One stored object: size in bytes, and when it was put (again) last, aware."""

    key: str
    byte_size: int
    put_at: datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """How a download names itself to a browser."""

    file_name: str
    media_type: str


class Storage(Protocol):
    """All of these raise StorageUnavailable while the storage does not answer."""

    def put(self, key: str, source: Path) -> None:
        """Store the file's bytes under `key`, whole or not at all; what is there whole stays.

        Either way the object counts as new from now on. Raises StorageFull, ObjectTooLarge;
        CorruptObject where the bytes are not those that the key names.
        """

    def open(self, key: str) -> BinaryIO:
        """The bytes under `key`, all of them checked. Raises MissingObject, CorruptObject."""

    def local_path(self, key: str, directory: Path) -> Path:
        """A local file with the bytes, checked; made in `directory` unless they are on disk.

        Raises MissingObject, CorruptObject.
        """

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """Nothing happens where there is no such object."""

    def delete_if_older(self, key: str, than: datetime) -> bool:
        """Delete what was put before `than`, in one step with finding that out.

        A put at the same time either keeps the object or stores it anew. Returns whether it went.
        """

    def list(self, tenant_id: UUID) -> Iterator[Listed]:
        """Every object of a tenant, in no order; what comes or goes meanwhile may be among it."""

    def list_tenants(self) -> Iterator[UUID]:
        """Every tenant that has objects, in no order; one whose last object went may be among it.

        The storage knows no database: they may be erased, or another installation's.
        """

    def link(self, key: str, attachment: Attachment, seconds: int) -> str | None:
        """An address that gives the bytes without Laudo; None where the storage makes none.

        Raises MissingObject, CorruptObject.
        """

    def free_bytes(self) -> int | None:
        """Room left, where the storage can tell."""


def check_digest(key: str, digest: str) -> None:
    """Compare the SHA-256 (hex) of bytes with their key's. Raises CorruptObject, and logs it."""
    if digest != sha256_of_key(key):
        log.error("the bytes under %s are not its own: their SHA-256 is %s", key, digest)
        raise CorruptObject(key)


def hash_file(file: BinaryIO) -> str:
    """The SHA-256 (hex) of a file from its beginning, where it stands again afterwards."""
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    return digest
