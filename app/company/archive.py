"""Making the archive of everything that a company has. For workers only.

First all rows, as they stand at one moment, then the stored files one by one with no transaction
open. Neither is ever in memory as a whole. A file that the storage lacks stops nothing: the
manifest names it.
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

from sqlalchemy import select, update

import app.company.archive_tables as source
from app.company.exporting import NO_ROOM, TOO_LARGE
from app.contact import contact_of
from app.evidence.queries import get_chain_head
from app.evidence.service import record
from app.extensions import db
from app.jobs.registry import Claim
from app.jobs.runner import WorkFailed, publish, report_progress
from app.models import Actor, Export, Tenant
from app.reports.snapshot import app_version
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
from app.web.sheets import Sheet, write_csv

FORMAT = "laudo.export/1"
PROGRESS_SECONDS = 0.5
# Beside the stored files: tables, snapshots and what the archive says of itself.
SPARE_BYTES = 256 * 1024 * 1024
WORKER = Actor(name="Laudo")


@dataclass
class Plan:
    """What the rows said at that moment; `stored` is a file with a line for each stored file."""

    company: dict[str, str]
    head: dict[str, str]
    stored: Path
    count: int = 0


def make_export(claim: Claim) -> None:
    """Carry out one export. Raises WorkFailed for what no further try mends."""
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
        # Tried again by itself it would fill the disk again, every time.
        raise WorkFailed(NO_ROOM) from error
    except ObjectTooLarge as error:
        raise WorkFailed(TOO_LARGE) from error


def _require_room(folder: Path) -> None:
    """Refuse before hours of copying what cannot fit. Raises StorageFull."""
    needed = source.count_bytes_stored() + SPARE_BYTES
    db.session.rollback()
    free = (shutil.disk_usage(folder).free, storage().free_bytes())
    if any(room is not None and room < needed for room in free):
        raise StorageFull


def _write(claim: Claim, folder: Path, output: Path) -> Archive:
    with zipfile.ZipFile(output, "w", allowZip64=True) as zipped:
        archive = Archive(zipped, folder / "files.jsonl", datetime.now(UTC))
        plan = _write_rows(archive, folder)
        total = archive.count + plan.count
        progress = Reporter(claim, total)
        progress.say(archive.count)
        with plan.stored.open() as lines:
            for line in lines:
                archive.add_stored(source.Stored(**json.loads(line)))
                progress.say(archive.count)
        progress.say(archive.count, is_last=True)
        _write_manifest(archive, plan)
    return archive


def _write_rows(archive: Archive, folder: Path) -> Plan:
    """In one transaction that sees the database as it stood when it began."""
    db.session.rollback()
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    tenant = db.session.scalars(select(Tenant).where(Tenant.id == require_tenant())).one()
    head = get_chain_head()
    plan = Plan(
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
    for table in source.tables():
        archive.add_table(table, tenant.time_zone)
    for words in source.words():
        archive.add_words(words)
    with plan.stored.open("w") as lines:
        for one in source.stored():
            lines.write(json.dumps({"path": one.path, "key": one.key, "sha256": one.sha256}) + "\n")
            plan.count += 1
    db.session.rollback()
    return plan


def _write_manifest(archive: Archive, plan: Plan) -> None:
    """Written a line at a time: it names as many files as there are."""
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
    """The ZIP being written; `entries` is a file with a line of the manifest for each file.

    `missing` are the stored files that could not be read, as few as there should be.
    """

    zipped: zipfile.ZipFile
    entries: Path
    made_at: datetime
    count: int = 0
    missing: list[dict[str, str]] = field(default_factory=list)

    def add_table(self, table: source.Table, zone: str) -> None:
        sheet = Sheet(table.name, table.headings, table.rows(), zone)
        with self._noted(f"{table.name}.csv") as file:
            write_csv(sheet, cast(IO[bytes], file))

    def add_words(self, words: source.Words) -> None:
        with self._noted(words.path) as file:
            file.write(words.text.encode())

    def add_stored(self, one: source.Stored) -> None:
        """The bytes as they were received; read only after the storage has checked them."""
        try:
            file = storage().open(one.key)
        except (MissingObject, CorruptObject) as error:
            reason = "missing" if isinstance(error, MissingObject) else "changed"
            self.missing.append({"path": one.path, "sha256": one.sha256, "reason": reason})
            return
        with file, self._noted(one.path, zipfile.ZIP_STORED) as entry:
            shutil.copyfileobj(file, entry, CHUNK)

    @contextmanager
    def open(self, path: str, method: int = zipfile.ZIP_DEFLATED) -> Iterator[IO[bytes]]:
        info = zipfile.ZipInfo(path, self.made_at.timetuple()[:6])
        info.compress_type = method
        info.external_attr = 0o600 << 16
        with self.zipped.open(info, "w", force_zip64=True) as file:
            yield file

    @contextmanager
    def _noted(self, path: str, method: int = zipfile.ZIP_DEFLATED) -> Iterator[Hashing]:
        """A file of the archive; afterwards the manifest knows its hash and size."""
        with self.open(path, method) as file:
            hashing = Hashing(file)
            yield hashing
        entry = {"path": path, "sha256": hashing.digest.hexdigest(), "bytes": str(hashing.size)}
        with self.entries.open("a") as lines:
            lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self.count += 1


class Hashing(io.RawIOBase):
    """Passes bytes on and remembers their hash and number."""

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


class Reporter:
    """Writes progress into the row, at most twice a second."""

    def __init__(self, claim: Claim, total: int) -> None:
        self._claim, self._total = claim, total
        self._next = 0.0

    def say(self, done: int, *, is_last: bool = False) -> None:
        """Raises FenceLost when the work was taken away."""
        if is_last or time.monotonic() >= self._next:
            self._next = time.monotonic() + PROGRESS_SECONDS
            report_progress(Export, self._claim, progress_done=done, progress_total=self._total)


def _publish(claim: Claim, archive: Archive, key: str, digest: str, size: int) -> None:
    """The newest file takes the place of the older ones, which the sweeper then removes."""
    with publish(Export, claim):
        db.session.execute(
            update(Export)
            .where(Export.id != claim.id, Export.storage_key.is_not(None))
            .values(storage_key=None)
            .execution_options(synchronize_session=False)
        )
        db.session.execute(
            update(Export)
            .where(Export.id == claim.id)
            .values(storage_key=key, sha256=digest, byte_size=size)
            .execution_options(synchronize_session=False)
        )
        record(
            action="export.made",
            actor=WORKER,
            object_type="export",
            object_id=claim.id,
            sha256=digest,
            byte_size=str(size),
            files=str(archive.count),
            missing=str(len(archive.missing)),
        )
