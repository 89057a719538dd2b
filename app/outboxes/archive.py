"""Opens the ZIP file of a device's unsent work. It comes from outside, so nothing in it is trusted.

The format "laudo-outbox/1" (docs/operating.md): `manifest.json` with the operations in their order,
and one file for the bytes of each photo and signature. All sizes are checked before anything is
unpacked, and one file at a time is unpacked, to disk.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

from app.errors import DomainError
from app.outboxes.records import Record, read_record
from app.storage import CHUNK, Incoming, Received
from app.web.addresses import read_id, read_moment

FORMAT = "laudo-outbox/1"
MANIFEST = "manifest.json"
MIB = 1024 * 1024
MAX_FILE = 1024 * MIB
MAX_MANIFEST = 16 * MIB
MAX_OPERATIONS = 5_000
MAX_ENTRIES = MAX_OPERATIONS + 1
# Python reads the whole directory at once. Laudo's own names take 200 bytes each.
MAX_DIRECTORY = 4 * MIB
# Text shrinks at most so much; photos do not shrink at all.
MAX_RATIO = 200
NAME = re.compile(r"(photos|signatures)/[0-9a-f-]{36}-[^/\\\0]{1,255}")
END, END_SIZE = b"PK\5\6", 22
LOCATOR, LOCATOR_SIZE = b"PK\6\7", 20
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class NotUnsentWork(DomainError):
    """This is not a file of unsent work from Laudo. Choose the ZIP file that was saved on the
    device."""

    status = 422


class DamagedFile(DomainError):
    """This file is damaged. Save it on the device again, or copy it again."""

    status = 422


class UnpacksTooLarge(DomainError):
    """Unpacked, this file has more or larger parts than Laudo accepts. Nothing was imported."""

    status = 422


class OtherFormat(DomainError):
    """This file was saved by another version of Laudo, whose format this one cannot read."""

    status = 422


class WrongBytes(DomainError):
    """The bytes in the file are missing or are not those that were saved on the device."""

    status = 422


@dataclass(frozen=True, slots=True)
class Archive:
    """An opened file. `records` are the operations in their order; None is one that is not
    understood."""

    sha256: str
    account_id: UUID
    exported_at: datetime | None
    records: tuple[Record | None, ...]
    zipped: zipfile.ZipFile
    entries: Mapping[str, zipfile.ZipInfo]

    @contextmanager
    def bytes_of(self, record: Record, most: int) -> Iterator[Received]:
        """The bytes of a photo or signature on local disk. Raises WrongBytes, StorageFull."""
        entry = self.entries.get(record.file or "")
        if entry is None or entry.file_size > most:
            raise WrongBytes
        with Incoming() as file:
            try:
                with self.zipped.open(entry) as packed:
                    shutil.copyfileobj(packed, file, CHUNK)
            except DAMAGES as error:
                raise WrongBytes from error
            received = file.received()
            if received.sha256 != record.sha256:
                raise WrongBytes
            yield received


@contextmanager
def opened(file: Received) -> Iterator[Archive]:
    """Raises NotUnsentWork, DamagedFile, UnpacksTooLarge, OtherFormat."""
    with file.path.open("rb") as stream:
        _check_end(stream, file.byte_size)
        try:
            zipped = zipfile.ZipFile(stream)
        except DAMAGES as error:
            raise DamagedFile from error
        with zipped:
            entries = _checked(zipped.infolist())
            manifest = _manifest(zipped, entries)
            yield _archive(file.sha256, manifest, zipped, entries)


def _check_end(stream: BinaryIO, size: int) -> None:
    """Look at the end record before Python reads the directory that it names.

    Laudo's own files have no comment and, at the sizes that are accepted, no 64-bit records.
    """
    if size > MAX_FILE:
        raise UnpacksTooLarge
    if size < END_SIZE or stream.read(4) != b"PK\3\4":
        raise NotUnsentWork
    stream.seek(max(0, size - END_SIZE - LOCATOR_SIZE))
    tail = stream.read()
    end = tail[-END_SIZE:]
    if not end.startswith(END) or end[-2:] != b"\0\0":
        raise DamagedFile
    is_64_bit = tail[:-END_SIZE].startswith(LOCATOR)
    count, directory = (
        int.from_bytes(end[part], "little") for part in (slice(10, 12), slice(12, 16))
    )
    if is_64_bit or count > MAX_ENTRIES or directory > MAX_DIRECTORY:
        raise UnpacksTooLarge
    stream.seek(0)


def _checked(entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The entries by name, if they are such as Laudo writes."""
    by_name = {entry.filename: entry for entry in entries}
    if len(entries) > MAX_ENTRIES:
        raise UnpacksTooLarge
    manifest = by_name.get(MANIFEST)
    if manifest is None:
        raise NotUnsentWork
    others = [name for name in by_name if name != MANIFEST]
    if len(by_name) < len(entries) or not all(NAME.fullmatch(name) for name in others):
        raise NotUnsentWork
    if any(not _is_plain(entry) for entry in entries):
        raise DamagedFile
    unpacked = sum(entry.file_size for entry in entries)
    is_bomb = any(entry.file_size > MIB + MAX_RATIO * entry.compress_size for entry in entries)
    if is_bomb or unpacked > MAX_FILE or manifest.file_size > MAX_MANIFEST:
        raise UnpacksTooLarge
    return by_name


def _is_plain(entry: zipfile.ZipInfo) -> bool:
    is_readable = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    return is_readable and not entry.flag_bits & 0x1


def _manifest(zipped: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo]) -> dict[str, Any]:
    try:
        text = zipped.read(entries[MANIFEST])
    except DAMAGES as error:
        raise DamagedFile from error
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotUnsentWork from error
    if not isinstance(found, dict) or not isinstance(found.get("format"), str):
        raise NotUnsentWork
    if found["format"] != FORMAT:
        raise OtherFormat
    return found


def _archive(
    sha256: str,
    manifest: Mapping[str, Any],
    zipped: zipfile.ZipFile,
    entries: Mapping[str, zipfile.ZipInfo],
) -> Archive:
    account, operations = manifest.get("account"), manifest.get("operations")
    account_id = read_id(account) if isinstance(account, str) else None
    if account_id is None or not isinstance(operations, list):
        raise NotUnsentWork
    if len(operations) > MAX_OPERATIONS:
        raise UnpacksTooLarge
    records = tuple(read_record(one, account) for one in operations)
    files = [one.file for one in records if one and one.file]
    if len(set(files)) < len(files):  # each use of a file unpacks and hashes it
        raise NotUnsentWork
    exported_at = manifest.get("exported_at")
    return Archive(
        sha256=sha256,
        account_id=account_id,
        exported_at=read_moment(exported_at) if isinstance(exported_at, str) else None,
        records=records,
        zipped=zipped,
        entries=entries,
    )
