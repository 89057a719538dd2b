"""A folder of backups: its layout, what is written once, and the checksums.

    objects/t/<tenant>/<kind>/<sha256>   objects, shared by all backups of the folder, written once
    20261122T030000Z/database.dump       pg_dump's custom format
    20261122T030000Z/objects.tsv         SHA-256, bytes and key of every object of this backup
    20261122T030000Z/manifest.json       its contents (Manifest)
    20261122T030000Z/SHA256SUMS          of the three files above, as `sha256sum -c` reads it

A backup is called `....partial` until all of it is on disk. No database or storage access here.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pydantic import BaseModel, ValidationError

from app.commands.backup.figures import DatabaseFigures
from app.commands.backup.refusal import Refusal
from app.storage import CHUNK

FORMAT = "laudo.backup/1"
DUMP, OBJECTS, MANIFEST, SUMS = "database.dump", "objects.tsv", "manifest.json", "SHA256SUMS"
PARTIAL = ".partial"


class Manifest(BaseModel):
    """The contents of a backup. `missing_objects` and `damaged_objects` are keys that rows name but
    whose bytes were already missing or wrong in the storage; `problems` describes these and others.
    `bad_chains` are the tenants with a broken or rewritten chain; None in older manifests."""

    format: str
    made_at: datetime
    app_version: str
    server_major: int
    owner: str
    figures: DatabaseFigures
    objects: int
    object_bytes: int
    missing_objects: list[str]
    damaged_objects: list[str]
    problems: list[str]
    bad_chains: list[str] | None = None

    def has_bad_chain(self, tenant_id: str) -> bool:
        """In an older manifest, without `bad_chains`, any problem may concern the chain."""
        if self.bad_chains is None:
            return bool(self.problems)
        return tenant_id in self.bad_chains


class StoredObject(NamedTuple):
    sha256: str
    byte_size: int
    key: str


@dataclass(frozen=True, slots=True)
class Backup:
    """One finished backup and the objects that it shares with its neighbours."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def dump(self) -> Path:
        return self.path / DUMP

    def object_path(self, key: str) -> Path:
        return self.path.parent / "objects" / key

    def read_manifest(self) -> Manifest:
        """Raises Refusal if it is not a manifest of Laudo."""
        try:
            manifest = Manifest.model_validate_json((self.path / MANIFEST).read_bytes())
        except (OSError, ValidationError) as error:
            raise Refusal(f"{self.path / MANIFEST} cannot be read: {error}") from error
        if manifest.format != FORMAT:
            raise Refusal(f"{self.path} is in the format {manifest.format!r}, not {FORMAT!r}.")
        return manifest

    def list_objects(self) -> Iterator[StoredObject]:
        with (self.path / OBJECTS).open() as lines:
            for line in lines:
                sha256, size, key = line.rstrip("\n").split("\t")
                yield StoredObject(sha256, int(size), key)

    def write_sums(self) -> None:
        lines = [f"{sha256_of(self.path / name)}  {name}\n" for name in (DUMP, OBJECTS, MANIFEST)]
        write_private(self.path / SUMS, "".join(lines))

    def find_changed_files(self) -> list[str]:
        """Sentences on the files that do not match SHA256SUMS."""
        try:
            lines = (self.path / SUMS).read_text().splitlines()
            expected = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
        except (OSError, ValueError):
            return [f"{SUMS} is missing or cannot be read."]
        changed = []
        for name in (DUMP, OBJECTS, MANIFEST):
            path = self.path / name
            if not path.is_file():
                changed.append(f"{name} is missing.")
            elif sha256_of(path) != expected.get(name):
                changed.append(f"{name} is not what was written: its SHA-256 differs.")
        return changed

    def find_bad_object(self, expected: StoredObject) -> str | None:
        """A sentence if the object is missing or differs from the manifest, else None."""
        path = self.object_path(expected.key)
        if not path.is_file():
            return f"{expected.key} is missing from the backup."
        if sha256_of(path) != expected.sha256:
            return f"{expected.key} is damaged in the backup: its SHA-256 differs."
        return None


def list_backups(folder: Path) -> list[Backup]:
    """The finished backups of a folder, oldest first."""
    found = [path.parent for path in folder.glob(f"*/{SUMS}") if path.parent.suffix != PARTIAL]
    return [Backup(path) for path in sorted(found)]


def find_backup(path: Path) -> Backup:
    """The backup at `path`, or the newest of the folder `path`. Raises Refusal."""
    if (path / MANIFEST).exists() and path.suffix != PARTIAL:
        return Backup(path)
    if backups := list_backups(path):
        return backups[-1]
    raise Refusal(f"{path} holds no finished backup.")


@contextmanager
def new_backup(folder: Path) -> Iterator[Backup]:
    """Yield a partial backup to fill. It gets its final name only if the block succeeds.

    Raises Refusal while another backup is being made in the same folder.
    """
    with _os_errors_as_refusals(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _only_one(folder):
            for leftover in folder.glob(f"*{PARTIAL}"):
                shutil.rmtree(leftover)
            final = _unused_name(folder)
            partial = Backup(final.with_name(final.name + PARTIAL))
            partial.path.mkdir(mode=0o700)
            yield partial
            for path in (*partial.path.iterdir(), partial.path):
                _sync(path)
            partial.path.rename(final)
            _sync(folder)


@contextmanager
def _os_errors_as_refusals(folder: Path) -> Iterator[None]:
    """Report a full disk or a lost network share in one sentence instead of a traceback."""
    try:
        yield
    except OSError as error:
        raise Refusal(
            f"The backup to {folder} failed: {error}. Backups that were there are untouched."
        ) from error


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refusal(f"Another backup is being written to {folder}; let it end.") from error
        yield


def _unused_name(folder: Path) -> Path:
    while (path := folder / datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")).exists():
        time.sleep(0.1)
    return path


def keep_object(backup: Backup, key: str, stream: BinaryIO) -> StoredObject:
    """Write the stream to its place atomically; returns what was written.

    Bytes whose hash differs from the one in their key are not kept: the right bytes may be there
    already, or come later.
    """
    target = backup.object_path(key)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        kept = StoredObject(digest.hexdigest(), size, key)
        if kept.sha256 == named_sha256(key):
            part.replace(target)
            _sync(target.parent)
        return kept
    finally:
        part.unlink(missing_ok=True)


def named_sha256(key: str) -> str:
    """The SHA-256 at the end of a key (app.storage.object_key)."""
    return key.rsplit("/", 1)[-1].partition(".")[0]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_private(path: Path, text: str | Iterable[str]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.writelines([text] if isinstance(text, str) else text)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
