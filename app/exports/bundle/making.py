"""Makes the archive with which finished reports can be checked without a server. For workers only.

First it writes the texts of all reports in one transaction, then the stored files one by one
without a transaction. Neither is ever in memory as a whole. A missing file does not stop the
bundle: the manifest lists it. If a worker dies, the next attempt starts over.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from app.config import ROOT
from app.documents.attachments import attachments_of, photo_file_names
from app.documents.loading import load_source
from app.documents.sealing import get_identity, sign
from app.evidence.service import About, record
from app.exports.archive import Archive, ArchiveProgress, StoredFile, TextFile
from app.exports.bundle.service import (
    NO_ROOM,
    NOT_ALLOWED,
    TOO_LARGE,
    finished_reports,
    subject_of,
)
from app.exports.company.files import full_number, safe_path_part
from app.extensions import db
from app.jobs.registry import Claim
from app.jobs.runner import FenceLost, WorkFailed, publish
from app.jobs.work import drop_older_files
from app.models import Account, Actor, Bundle, Document, Report, Snapshot, WorkState
from app.reports.completing.snapshot import app_version
from app.sealing.client import SealIdentity
from app.storage import ObjectTooLarge, StorageFull, disk_failures, object_key, storage
from app.tenancy import require_tenant

FORMAT = "laudo.bundle/1"
VERIFIER = ROOT / "verifier" / "laudo_verify.py"
# A detached CMS over manifest.json: `openssl cms -verify` reads it, too.
SEAL = "manifest.json.p7s"
WORKER = Actor(name="Laudo")


@dataclass(frozen=True, slots=True)
class BundleRequest:
    """The reports of a bundle as a condition, the person, and what the bundle is about."""

    which: ColumnElement[bool]
    requested_by: Any
    subject_id: Any
    subject: str


def make_bundle(claim: Claim) -> None:
    """Make one bundle. Raises WorkFailed for errors that a retry cannot fix."""
    request = _load_request(claim)
    # What cannot be sealed need not be written. If the key is replaced meanwhile, the next attempt
    # is made with the new one: a certificate never begins after what it seals.
    identity = get_identity()
    try:
        with disk_failures(), TemporaryDirectory(prefix="laudo-bundle-") as name:
            output = Path(name) / "bundle.zip"
            archive = _write(claim, request, identity, Path(name), output)
            with output.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            key = object_key(require_tenant(), "bundle", digest, ".zip")
            storage().put(key, output)
            _publish(claim, request, archive, key, digest, output.stat().st_size)
    except StorageFull as error:
        # An automatic retry would fill the disk again each time.
        raise WorkFailed(NO_ROOM) from error
    except ObjectTooLarge as error:
        raise WorkFailed(TOO_LARGE) from error


def _load_request(claim: Claim) -> BundleRequest:
    """Raises WorkFailed if the requester is no longer active or has another role, FenceLost if the
    row is gone."""
    row = db.session.execute(
        select(Bundle, Account)
        .join(Account, Account.id == Bundle.requested_by)
        .where(Bundle.id == claim.id)
    ).one_or_none()
    if row is None:
        raise FenceLost(str(claim))
    bundle, account = row
    if not account.is_active or account.role is not bundle.role:
        raise WorkFailed(NOT_ALLOWED)
    person = Actor(name=account.name, role=account.role, account_id=account.id)
    subject = subject_of(bundle)
    which = Report.number == subject if bundle.report_id else Report.project_id == bundle.project_id
    request = BundleRequest(finished_reports(person, which), account.id, bundle.subject_id, subject)
    db.session.rollback()
    return request


def _write(
    claim: Claim, request: BundleRequest, identity: SealIdentity, folder: Path, output: Path
) -> Archive:
    stored = folder / "stored.jsonl"
    with zipfile.ZipFile(output, "w", allowZip64=True) as zipped:
        archive = Archive(zipped, folder / "files.jsonl", datetime.now(UTC))
        archive.add_text(TextFile(VERIFIER.name, VERIFIER.read_text()))
        reports, count = _write_reports(archive, request, stored)
        progress = ArchiveProgress(Bundle, claim, archive.count + count)
        with stored.open() as lines:
            for line in lines:
                archive.add_stored(StoredFile(**json.loads(line)))
                progress.update(archive.done)
        progress.update(archive.done, is_last=True)
        digest = archive.write_manifest(
            {
                "format": FORMAT,
                "software": {"name": "Laudo", "version": app_version()},
                "made_at": archive.made_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "subject": request.subject,
                "reports": reports,
                "missing": archive.missing,
            }
        )
        with archive.open(SEAL, zipfile.ZIP_STORED) as file:
            file.write(sign(identity, digest))
    return archive


def _write_reports(
    archive: Archive, request: BundleRequest, stored: Path
) -> tuple[list[dict[str, Any]], int]:
    """Write the texts of all reports, read at one moment; `stored` gets a line per stored file.

    Returns the manifest's list of reports, and the number of stored files.
    """
    db.session.rollback()
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    ids = list(
        db.session.scalars(
            select(Report.id).where(request.which).order_by(Report.number, Report.revision)
        )
    )
    reports, photos, count = [], set[tuple[str, str]](), 0
    with stored.open("w") as lines:
        for report_id in ids:
            report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
            name = safe_path_part(full_number(report.number, report.revision))
            documents = list(_documents(report_id, name))
            unsealed = set(_unsealed(report_id))
            reports.append(
                {
                    "id": str(report_id),
                    "number": report.number,
                    "revision": str(report.revision),
                    "folder": name,
                    "documents": [one.path for one in documents],
                    # Made before PDFs were sealed.
                    "unsealed": [one.path for one in documents if one.sha256 in unsealed],
                }
            )
            for one in (*documents, *_write_report(archive, report_id, name)):
                # A photo that a revision carries on is in the bundle once.
                if one.path.startswith("photos/"):
                    if (report.number, one.sha256) in photos:
                        continue
                    photos.add((report.number, one.sha256))
                lines.write(
                    json.dumps({"path": one.path, "key": one.key, "sha256": one.sha256}) + "\n"
                )
                count += 1
            db.session.expunge_all()
    db.session.rollback()
    return reports, count


def _documents(report_id: Any, name: str) -> Iterator[StoredFile]:
    """The final PDFs, oldest first. Further PDFs of the same report get a number."""
    rows = db.session.execute(
        select(func.coalesce(Document.storage_key, ""), Document.sha256)
        .where(
            Document.report_id == report_id,
            Document.state == WorkState.DONE,
            Document.is_preview.is_(False),
            Document.storage_key.is_not(None),
        )
        .order_by(Document.created_at, Document.id)
    )
    for turn, (key, digest) in enumerate(rows, start=1):
        yield StoredFile(f"{name}{f'-{turn}' if turn > 1 else ''}.pdf", key, digest or "")


def _unsealed(report_id: Any) -> Iterator[str | None]:
    """The hashes of the report's PDFs that have no seal."""
    yield from db.session.scalars(
        select(Document.sha256).where(Document.report_id == report_id, Document.sealed_at.is_(None))
    )


def _write_report(archive: Archive, report_id: Any, name: str) -> Iterator[StoredFile]:
    """Write what is attached to the report's PDF, and yield its photos' original files."""
    document_id = db.session.scalar(
        select(Document.id)
        .where(Document.report_id == report_id, Document.is_preview.is_(False))
        .order_by(Document.created_at.desc())
        .limit(1)
    )
    if document_id is None:
        body = select(Snapshot.body).where(Snapshot.report_id == report_id)
        archive.add_text(TextFile(f"{name}/snapshot.json", db.session.scalars(body).one()))
        return
    source = load_source(document_id)
    for one in attachments_of(source):
        archive.add_text(TextFile(f"{name}/{one.name}", one.data.decode()))
    names = photo_file_names(source)
    for placed in source.facts.photos:
        named = names.get(str(placed.placement.id)) or names[str(placed.photo.id)]
        path = f"photos/{name}/{named}"
        yield StoredFile(path, placed.photo.storage_key, placed.photo.sha256)


def _publish(
    claim: Claim, request: BundleRequest, archive: Archive, key: str, digest: str, size: int
) -> None:
    """Store the result and release the person's older bundles of the same subject."""
    with publish(Bundle, claim):
        drop_older_files(
            Bundle,
            claim.id,
            Bundle.requested_by == request.requested_by,
            Bundle.subject_id == request.subject_id,
        )
        db.session.execute(
            update(Bundle)
            .where(Bundle.id == claim.id)
            .values(storage_key=key, sha256=digest, byte_size=size)
            .execution_options(synchronize_session=False)
        )
        record(
            "bundle.made",
            About(Bundle.audit_type, claim.id),
            WORKER,
            subject=request.subject,
            sha256=digest,
            files=str(archive.count),
            missing=str(len(archive.missing)),
        )
