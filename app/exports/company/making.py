"""Makes the archive of all data of a company. For workers only.

First it writes all rows in one transaction, then the stored files one by one without a transaction,
since copying them can take hours. Neither is ever in memory as a whole. A missing file does not
stop the export: the manifest lists it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

from sqlalchemy import update

import app.exports.company.files as files
import app.exports.company.tables as tables
from app.contact import contact_of
from app.evidence.queries import get_chain_head
from app.evidence.service import About, record
from app.exports.archive import Archive, ArchiveProgress, StoredFile
from app.exports.company.service import NO_ROOM, TOO_LARGE
from app.extensions import db
from app.jobs.registry import Claim
from app.jobs.runner import WorkFailed, publish
from app.jobs.work import drop_older_files
from app.models import Actor, Export
from app.reports.completing.snapshot import app_version
from app.rows import own_tenant
from app.storage import (
    ObjectTooLarge,
    StorageFull,
    disk_failures,
    object_key,
    storage,
)
from app.tenancy import require_tenant
from app.web.sheets import ExportSheet, write_csv

FORMAT = "laudo.export/1"
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
        progress = ArchiveProgress(Export, claim, total)
        progress.update(archive.count)
        with plan.stored.open() as lines:
            for line in lines:
                archive.add_stored(StoredFile(**json.loads(line)))
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
        _add_table(archive, table, tenant.time_zone)
    for text in files.text_files():
        archive.add_text(text)
    with plan.stored.open("w") as lines:
        for one in files.stored_files():
            lines.write(json.dumps({"path": one.path, "key": one.key, "sha256": one.sha256}) + "\n")
            plan.count += 1
    db.session.rollback()
    return plan


def _add_table(archive: Archive, table: tables.CsvTable, zone: str) -> None:
    sheet = ExportSheet(table.name, table.headings, table.rows(), zone)
    with archive.open_listed(f"{table.name}.csv") as file:
        write_csv(sheet, cast(IO[bytes], file))


def _write_manifest(archive: Archive, plan: ArchivePlan) -> None:
    facts = {
        "format": FORMAT,
        "software": {"name": "Laudo", "version": app_version()},
        "made_at": archive.made_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "company": plan.company,
        "audit": plan.head,
        "missing": archive.missing,
    }
    archive.write_manifest(facts)


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
