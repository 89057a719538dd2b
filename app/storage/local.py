"""Objects as files under one root, mode 0400. Written beside and renamed, so never partial."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from app.slow_work import slow_work
from app.storage.base import CHUNK, Attachment, Listed, check_digest, hash_file, log
from app.storage.failures import CorruptObject, MissingObject
from app.storage.keys import KEY, checked_key, known_key, sha256_of_key, tenant_of_folder
from app.storage.receiving import disk_failures

PART = ".part-"
# No write takes this long: a part file of this age was left by a crash.
STALE_SECONDS = 24 * 3600


class LocalStorage:
    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @slow_work
    def put(self, key: str, source: Path) -> None:
        target = self.root / checked_key(key)
        with disk_failures():
            if self._renew(key, target):
                return
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(key, target, source)

    @slow_work
    def open(self, key: str) -> BinaryIO:
        try:
            with disk_failures():
                file = (self.root / known_key(key)).open("rb")
        except FileNotFoundError as error:
            raise MissingObject(key) from error
        try:
            with disk_failures():
                check_digest(key, hash_file(file))
        except BaseException:
            file.close()
            raise
        return file

    @slow_work
    def local_path(self, key: str, directory: Path) -> Path:
        self.open(key).close()
        return self.root / key

    @slow_work
    def local_paths(self, keys: Iterable[str], directory: Path) -> dict[str, Path]:
        found = {}
        for key in keys:
            with contextlib.suppress(MissingObject):
                found[key] = self.local_path(key, directory)
        return found

    @slow_work
    def exists(self, key: str) -> bool:
        if not KEY.fullmatch(key):
            return False
        try:
            # Not Path.exists: it returns False on some I/O errors.
            with disk_failures():
                (self.root / key).stat()
        except FileNotFoundError:
            return False
        return True

    @slow_work
    def delete(self, key: str) -> None:
        with disk_failures():
            (self.root / checked_key(key)).unlink(missing_ok=True)

    @slow_work
    def delete_if_older(self, key: str, than: datetime) -> bool:
        path = self.root / checked_key(key)
        with contextlib.suppress(FileNotFoundError), disk_failures(), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_mtime < than.timestamp():
                path.unlink()
                return True
        return False

    @slow_work
    def list(self, tenant_id: UUID) -> Iterator[Listed]:
        for folder, _folders, names in os.walk(self.root / "t" / str(tenant_id)):
            for name in names:
                path = Path(folder, name)
                with contextlib.suppress(FileNotFoundError), disk_failures():
                    status = path.stat()
                    if name.startswith(PART):
                        self._remove_stale(path, status.st_mtime)
                        continue
                    key = path.relative_to(self.root).as_posix()
                    if KEY.fullmatch(key):
                        put_at = datetime.fromtimestamp(status.st_mtime, UTC)
                        yield Listed(key, status.st_size, put_at)

    @slow_work
    def list_tenants(self) -> Iterator[UUID]:
        with disk_failures():
            names = [one.name for one in (self.root / "t").glob("*")]
        yield from filter(None, map(tenant_of_folder, names))

    def link(self, key: str, attachment: Attachment, seconds: int) -> str | None:
        return None

    @slow_work
    def free_bytes(self) -> int | None:
        with disk_failures():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            return shutil.disk_usage(self.root).free

    @staticmethod
    def _renew(key: str, target: Path) -> bool:
        """Renew the time of an intact object; False if the object must be written.

        The lock keeps the sweeper out. If the sweeper was first, the open file has no name any
        more.
        """
        try:
            file = target.open("rb")
        except FileNotFoundError:
            return False
        with file:
            fcntl.flock(file, fcntl.LOCK_SH)
            if not os.fstat(file.fileno()).st_nlink:
                return False
            if hash_file(file) != sha256_of_key(key):
                log.error("the bytes under %s are not its own and are put again", key)
                return False
            os.utime(file.fileno())
            return True

    @staticmethod
    def _write(key: str, target: Path, source: Path) -> None:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=PART)
        digest = hashlib.sha256()
        try:
            with os.fdopen(handle, "wb") as part, source.open("rb") as data:
                while chunk := data.read(CHUNK):
                    digest.update(chunk)
                    part.write(chunk)
                part.flush()
                os.fsync(part.fileno())
            check_digest(key, digest.hexdigest())
            Path(name).chmod(0o400)
            Path(name).replace(target)
            _sync_directory(target.parent)
        except (OSError, CorruptObject):
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise

    @staticmethod
    def _remove_stale(part: Path, changed: float) -> None:
        if time.time() - changed > STALE_SECONDS:
            part.unlink()


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
