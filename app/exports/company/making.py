"""Makes the archive of all data of a company. For workers only.

First it writes all rows in one transaction, then the stored files one by one without a transaction,
since copying them can take hours. Neither is ever in memory as a whole. A missing file does not
stop the export: the manifest lists it.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

from sqlalchemy import update

import app.exports.company.files as files
import app.exports.company.tables as tables
from app.contact import contact_of
from app.evidence.queries import get_chain_head
from app.evidence.service import About, record
from app.exports.company.service import NO_ROOM, TOO_LARGE
from app.extensions import db
from app.jobs.registry import Claim
from app.jobs.runner import WorkFailed, publish, report_progress
from app.jobs.work import drop_older_files
from app.models import Actor, Export
from app.reports.completing.snapshot import app_version
from app.rows import own_tenant
from app.storage import (
    CHUNK,
    CorruptObject,
    MissingObject,
    ObjectTooLarge,
    StorageFull,
    disk_failures,
    object_key,
    storage,
)
from app.tenancy import require_tenant
from app.web.sheets import ExportSheet, write_csv

FORMAT = "laudo.export/1"
PROGRESS_SECONDS = 0.5
# Reserve for tables, snapshots and the manifest, in addition to the stored files.
SPARE_BYTES = 256 * 1024 * 1024
WORKER = Actor(name="Laudo")


@dataclass
class ArchivePlan:
    """What the transaction read; `stored` is a local file with one line per stored file."""

    company: dict[str, str]
    head: dict[str, str]
    stored: Path
    count: int = 0


def make_export(claim: Claim) -> None:
    """Make one export. Raises WorkFailed for errors that a retry cannot fix."""
    try:
        with disk_failures(), TemporaryDirectory(prefix="laudo-export-") as name:
            folder = Path(name)
            _require_room(folder)
            output = folder / "export.zip"
            archive = _write(claim, folder, output)
            with output.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            key = object_key(require_tenant(), "export", digest, ".zip")
            storage().put(key, output)
            _publish(claim, archive, key, digest, output.stat().st_size)
    except StorageFull as error:
        # An automatic retry would fill the disk again each time.
        raise WorkFailed(NO_ROOM) from error
    except ObjectTooLarge as error:
        raise WorkFailed(TOO_LARGE) from error


def _require_room(folder: Path) -> None:
    """Check the free space before hours of copying. Raises StorageFull."""
    needed = files.count_bytes_stored() + SPARE_BYTES
    db.session.rollback()
    free = (shutil.disk_usage(folder).free, storage().free_bytes())
    if any(room is not None and room < needed for room in free):
        raise StorageFull


def _write(claim: Claim, folder: Path, output: Path) -> Archive:
    with zipfile.ZipFile(output, "w", allowZip64=True) as zipped:
        archive = Archive(zipped, folder / "files.jsonl", datetime.now(UTC))
        plan = _write_rows(archive, folder)
        total = archive.count + plan.count
        progress = ArchiveProgress(claim, total)
        progress.update(archive.count)
        with plan.stored.open() as lines:
            for line in lines:
                archive.add_stored(files.StoredFile(**json.loads(line)))
                progress.update(archive.count)
        progress.update(archive.count, is_last=True)
        _write_manifest(archive, plan)
    return archive


def _write_rows(archive: Archive, folder: Path) -> ArchivePlan:
    """Write all rows in one REPEATABLE READ transaction, so that they show the same moment."""
    db.session.rollback()
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    tenant = own_tenant()
    head = get_chain_head()
    plan = ArchivePlan(
        company={
            "id": str(tenant.id),
            "name": tenant.name,
            "slug": tenant.slug,
            **contact_of(tenant.contact_parts).named("contact_"),
            **({"contact_note": tenant.contact} if tenant.contact else {}),
        },
        head={"sequence": str(head.sequence), "hash": head.hash},
        stored=folder / "stored.jsonl",
    )
    for table in tables.tables():
        archive.add_table(table, tenant.time_zone)
    for text in files.text_files():
        archive.add_text(text)
    with plan.stored.open("w") as lines:
        for one in files.stored_files():
            lines.write(json.dumps({"path": one.path, "key": one.key, "sha256": one.sha256}) + "\n")
            plan.count += 1
    db.session.rollback()
    return plan


def _write_manifest(archive: Archive, plan: ArchivePlan) -> None:
    """Write the manifest line by line, because the list of files can be large."""
    facts = {
        "format": FORMAT,
        "software": {"name": "Laudo", "version": app_version()},
        "made_at": archive.made_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "company": plan.company,
        "audit": plan.head,
        "missing": archive.missing,
    }
    opening = json.dumps(facts, ensure_ascii=False, indent=1).removesuffix("\n}")
    with archive.open("manifest.json") as file, archive.entries.open() as lines:
        file.write(f'{opening},\n "files": ['.encode())
        for number, line in enumerate(lines):
            file.write(("," if number else "").encode() + b"\n  " + line.rstrip("\n").encode())
        file.write(b"\n ]\n}\n")


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

    def add_table(self, table: tables.CsvTable, zone: str) -> None:
        sheet = ExportSheet(table.name, table.headings, table.rows(), zone)
        with self._open_listed(f"{table.name}.csv") as file:
            write_csv(sheet, cast(IO[bytes], file))

    def add_text(self, text: files.TextFile) -> None:
        with self._open_listed(text.path) as file:
            file.write(text.text.encode())

    def add_stored(self, one: files.StoredFile) -> None:
        """Copy the original bytes, which the storage verifies before they are read."""
        try:
            file = storage().open(one.key)
        except (MissingObject, CorruptObject) as error:
            reason = "missing" if isinstance(error, MissingObject) else "changed"
            self.missing.append({"path": one.path, "sha256": one.sha256, "reason": reason})
            return
        with file, self._open_listed(one.path, zipfile.ZIP_STORED) as entry:
            shutil.copyfileobj(file, entry, CHUNK)

    @contextmanager
    def open(self, path: str, method: int = zipfile.ZIP_DEFLATED) -> Iterator[IO[bytes]]:
        info = zipfile.ZipInfo(path, self.made_at.timetuple()[:6])
        info.compress_type = method
        info.external_attr = 0o600 << 16
        with self.zipped.open(info, "w", force_zip64=True) as file:
            yield file

    @contextmanager
    def _open_listed(
        self, path: str, method: int = zipfile.ZIP_DEFLATED
    ) -> Iterator[HashingWriter]:
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

    def __init__(self, claim: Claim, total: int) -> None:
        self._claim, self._total = claim, total
        self._next = 0.0

    def update(self, done: int, *, is_last: bool = False) -> None:
        """Raises FenceLost if another worker has taken over the job."""
        if is_last or time.monotonic() >= self._next:
            self._next = time.monotonic() + PROGRESS_SECONDS
            report_progress(Export, self._claim, progress_done=done, progress_total=self._total)


def _publish(claim: Claim, archive: Archive, key: str, digest: str, size: int) -> None:
    """Store the result and release the older files for the sweeper to delete."""
    with publish(Export, claim):
        drop_older_files(Export, claim.id)
        db.session.execute(
            update(Export)
            .where(Export.id == claim.id)
            .values(storage_key=key, sha256=digest, byte_size=size)
            .execution_options(synchronize_session=False)
        )
        record(
            "export.made",
            About(Export.audit_type, claim.id),
            WORKER,
            sha256=digest,
            byte_size=str(size),
            files=str(archive.count),
            missing=str(len(archive.missing)),
        )
