"""A ZIP that is written file by file, with a list of the hash and size of each."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from app.jobs.registry import Claim
from app.jobs.runner import report_progress
from app.models import Bundle, Export
from app.storage import CHUNK, CorruptObject, MissingObject, storage

PROGRESS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in storage and its path in the archive; `sha256` is hex."""

    path: str
    key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file with the exact text of a database value."""

    path: str
    text: str


@dataclass
class Archive:
    """The ZIP being written; `entries` is a local file with one manifest line per archived file.

    `missing` lists the stored files that could not be read. It stays in memory: it should be short.
    """

    zipped: zipfile.ZipFile
    entries: Path
    made_at: datetime
    count: int = 0
    missing: list[dict[str, str]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """The files that were written, and those that could not be read."""
        return self.count + len(self.missing)

    def add_text(self, text: TextFile) -> None:
        with self.open_listed(text.path) as file:
            file.write(text.text.encode())

    def add_stored(self, one: StoredFile) -> None:
        """Copy the original bytes, which the storage verifies before they are read."""
        try:
            file = storage().open(one.key)
        except (MissingObject, CorruptObject) as error:
            reason = "missing" if isinstance(error, MissingObject) else "changed"
            self.missing.append({"path": one.path, "sha256": one.sha256, "reason": reason})
            return
        with file, self.open_listed(one.path, zipfile.ZIP_STORED) as entry:
            shutil.copyfileobj(file, entry, CHUNK)

    def write_manifest(self, facts: Mapping[str, Any]) -> bytes:
        """Write manifest.json line by line, because the list of files can be large. Returns its
        SHA-256."""
        opening = json.dumps(facts, ensure_ascii=False, indent=1).removesuffix("\n}")
        with self.open("manifest.json") as entry, self.entries.open() as lines:
            file = HashingWriter(entry)
            file.write(f'{opening},\n "files": ['.encode())
            for number, line in enumerate(lines):
                file.write(("," if number else "").encode() + b"\n  " + line.rstrip("\n").encode())
            file.write(b"\n ]\n}\n")
        return file.digest.digest()

    @contextmanager
    def open(self, path: str, method: int = zipfile.ZIP_DEFLATED) -> Iterator[IO[bytes]]:
        info = zipfile.ZipInfo(path, self.made_at.timetuple()[:6])
        info.compress_type = method
        info.external_attr = 0o600 << 16
        with self.zipped.open(info, "w", force_zip64=True) as file:
            yield file

    @contextmanager
    def open_listed(self, path: str, method: int = zipfile.ZIP_DEFLATED) -> Iterator[HashingWriter]:
        """Open a file in the archive; on exit its hash and size are added to the manifest."""
        with self.open(path, method) as file:
            hashing = HashingWriter(file)
            yield hashing
        entry = {"path": path, "sha256": hashing.digest.hexdigest(), "bytes": str(hashing.size)}
        with self.entries.open("a") as lines:
            lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self.count += 1


class HashingWriter(io.RawIOBase):
    """Writes bytes to a file and computes their SHA-256 and size."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.digest.update(data)
        self._file.write(data)
        self.size += len(data)
        return len(data)


class ArchiveProgress:
    """Writes progress into the row, at most twice a second."""

    def __init__(self, model: type[Export | Bundle], claim: Claim, total: int) -> None:
        self._model, self._claim, self._total = model, claim, total
        self._next = 0.0

    def update(self, done: int, *, is_last: bool = False) -> None:
        """Raises FenceLost if another worker has taken over the job."""
        if is_last or time.monotonic() >= self._next:
            self._next = time.monotonic() + PROGRESS_SECONDS
            report_progress(
                self._model, self._claim, progress_done=done, progress_total=self._total
            )
