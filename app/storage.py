"""Bytes by key: put once, read, never overwrite. Keys are made by us, never from user input.

Local disk here; the interface is what an object store offers too. Callers put first and commit
the row after, so that a row never points at nothing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

from flask import Flask, current_app

KEY = re.compile(r"^t/[0-9a-f-]{36}/[a-z]+/[0-9a-f]{64}(\.[a-z0-9]{2,4})?$")
CHUNK = 1024 * 1024


class StorageFull(OSError):
    """The storage has no room for more bytes."""


class MissingObject(KeyError):
    """No bytes are stored under this key."""


def object_key(tenant_id: UUID, kind: str, sha256: str, suffix: str = "") -> str:
    """`t/<tenant>/<kind>/<sha256><suffix>`: kinds are orig, derived, logo, sign and pdf."""
    key = f"t/{tenant_id}/{kind}/{sha256}{suffix}"
    if not KEY.match(key):
        raise ValueError(f"not a storage key: {key!r}")
    return key


@contextmanager
def _full_by_name() -> Iterator[None]:
    """Let a full disk or quota be told apart from other failures of the file system."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(*error.args) from error
        raise


@dataclass(frozen=True, slots=True)
class Received:
    """A stream on local disk with its SHA-256 (hex) and size in bytes; gone after the block."""

    path: Path
    sha256: str
    byte_size: int


@contextmanager
def receive(stream: BinaryIO) -> Iterator[Received]:
    """Write a stream to a temporary file while hashing it. Raises StorageFull."""
    digest = hashlib.sha256()
    size = 0
    with tempfile.NamedTemporaryFile(prefix="laudo-") as file:
        with _full_by_name():
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
        yield Received(Path(file.name), digest.hexdigest(), size)


class Storage(Protocol):
    def put(self, key: str, source: Path) -> None:
        """Store the file's bytes under `key`; a key that exists stays. Raises StorageFull."""

    def open(self, key: str) -> BinaryIO:
        """The bytes under `key`. Raises MissingObject."""

    def local_path(self, key: str, directory: Path) -> Path:
        """A local file with the bytes, made in `directory` unless they are on disk already."""

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None: ...

    def free_bytes(self) -> int | None:
        """Room left, where the storage can tell."""


class LocalStorage:
    """Files under one root, mode 0400, written beside and renamed: none is ever half there."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def put(self, key: str, source: Path) -> None:
        target = self._path(key)
        if target.exists():
            return
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _full_by_name():
            self._put(target, source)

    @staticmethod
    def _put(target: Path, source: Path) -> None:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as part, source.open("rb") as data:
                shutil.copyfileobj(data, part, CHUNK)
                part.flush()
                os.fsync(part.fileno())
            Path(name).chmod(0o400)
            Path(name).replace(target)
            _sync_directory(target.parent)
        except OSError:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise

    def open(self, key: str) -> BinaryIO:
        try:
            return self._path(key).open("rb")
        except FileNotFoundError as error:
            raise MissingObject(key) from error

    def local_path(self, key: str, directory: Path) -> Path:
        path = self._path(key)
        if not path.exists():
            raise MissingObject(key)
        return path

    def exists(self, key: str) -> bool:
        return self._path(key).exists()

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def free_bytes(self) -> int | None:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free

    def _path(self, key: str) -> Path:
        if not KEY.match(key):
            raise ValueError(f"not a storage key: {key!r}")
        return self.root / key


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_bytes(key: str, data: bytes) -> None:
    """Store a few bytes that are in memory already (a logo, a signature)."""
    with tempfile.NamedTemporaryFile(prefix="laudo-") as file:
        file.write(data)
        file.flush()
        storage().put(key, Path(file.name))


def storage() -> Storage:
    """The storage of the running app."""
    store: Storage = current_app.extensions["laudo_storage"]
    return store


def init_app(app: Flask) -> None:
    app.extensions["laudo_storage"] = LocalStorage(Path(app.config["STORAGE_DIR"]))
