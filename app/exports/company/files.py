"""The stored files and texts in a company's archive, and their paths in it.

Rows are read in batches, because a company can have more photos than fit in memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from app.exports.archive import StoredFile, TextFile
from app.extensions import db
from app.models import (
    Checklist,
    Document,
    DocumentStamp,
    Photo,
    PhotoPlacement,
    Report,
    SealCertificate,
    Signature,
    Snapshot,
    Tenant,
    Version,
    WorkState,
)
from app.tenancy import require_tenant

BATCH = 1_000
UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
LONGEST_PART = 100
# Names of devices, with any ending: Windows unpacks no such file.
RESERVED = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(\.|$)", re.I)
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/heic": ".heic"}


def read_batches(statement: Any) -> Iterator[Any]:
    """Stream the rows of a statement in batches."""
    return iter(db.session.execute(statement, execution_options={"yield_per": BATCH}))


def safe_path_part(text: str) -> str:
    """A portable path component. Sanitised names get a hash suffix so that they stay unique."""
    safe = UNSAFE.sub("_", text).lstrip(".")[:LONGEST_PART] or "_"
    if RESERVED.match(safe):
        safe = f"_{safe}"
    return safe if safe == text else f"{safe}~{sha256(text.encode()).hexdigest()[:8]}"


def full_number(number: str, revision: int) -> str:
    return f"{number}-R{revision}"


def text_files() -> Iterator[TextFile]:
    """Yield all snapshots, all published checklist versions and the certificates of seals."""
    snapshots = select(Report.number, Report.revision, Snapshot.body).join(
        Report, Report.id == Snapshot.report_id
    )
    for number, revision, body in read_batches(snapshots):
        yield TextFile(f"snapshots/{safe_path_part(full_number(number, revision))}.json", body)
    versions = select(Checklist.code, Version.number, Version.body).join(
        Checklist, Checklist.id == Version.checklist_id
    )
    for code, number, body in read_batches(versions.where(Version.published_at.is_not(None))):
        text = json.dumps(body, ensure_ascii=False, indent=1)
        yield TextFile(f"checklists/{safe_path_part(code)}-v{number}.json", text)
    certificates = select(SealCertificate.fingerprint, SealCertificate.pem)
    for fingerprint, body in read_batches(certificates):
        yield TextFile(f"certificates/{fingerprint}.pem", body)


def stored_files() -> Iterator[StoredFile]:
    """Yield all original photos (removed ones too), final PDFs, drawn signatures and logos.

    A photo with two placements is included twice, because its path names the placement.
    """
    for row in read_batches(select_placements(PhotoPlacement.field_id, PhotoPlacement.position)):
        number, revision, photo, field_id, position = row
        yield StoredFile(
            photo_path(number, revision, field_id, position, photo),
            photo.storage_key,
            photo.sha256,
        )
    yield from _documents()
    for number, revision, signature in read_batches(select_signatures()):
        if signature.image_key:
            yield StoredFile(
                signature_path(number, revision, signature),
                signature.image_key,
                signature.image_sha256 or "",
            )
    logos = select(Tenant.logo_key, Tenant.second_logo_key).where(Tenant.id == require_tenant())
    for name, key in zip(("logo", "second-logo"), db.session.execute(logos).one(), strict=True):
        if key:
            yield StoredFile(f"brand/{name}.png", key, "")


def count_bytes_stored() -> int:
    """Total size of the photos and PDFs in bytes, without logos and signatures."""
    photos = select(func.coalesce(func.sum(Photo.byte_size), 0))
    documents = select(func.coalesce(func.sum(Document.byte_size), 0))
    return int(db.session.scalar(photos) or 0) + int(db.session.scalar(documents) or 0)


def _documents() -> Iterator[StoredFile]:
    """Yield the final PDFs and their time stamps. Further PDFs of the same report get a number
    suffix."""
    statement = (
        select(
            Report.number,
            Report.revision,
            Document.storage_key,
            Document.sha256,
            DocumentStamp.storage_key,
            DocumentStamp.sha256,
        )
        .join(Report, Report.id == Document.report_id)
        .outerjoin(DocumentStamp, DocumentStamp.document_id == Document.id)
        .where(
            Document.state == WorkState.DONE,
            Document.is_preview.is_(False),
            Document.storage_key.is_not(None),
        )
        .order_by(Report.number, Report.revision, Document.created_at)
    )
    last, turn = "", 1
    for number, revision, key, digest, stamp_key, stamp_digest in read_batches(statement):
        name = safe_path_part(full_number(number, revision))
        turn = turn + 1 if name == last else 1
        last = name
        path = f"documents/{name}{f'-{turn}' if turn > 1 else ''}"
        yield StoredFile(f"{path}.pdf", key, digest or "")
        if stamp_key:
            yield StoredFile(f"{path}.tsr", stamp_key, stamp_digest or "")


def select_placements(*columns: Any) -> Select[Any]:
    return (
        select(Report.number, Report.revision, Photo, *columns)
        .select_from(PhotoPlacement)
        .join(Report, Report.id == PhotoPlacement.report_id)
        .join(Photo, Photo.id == PhotoPlacement.photo_id)
        .order_by(
            Report.number,
            Report.revision,
            Photo.created_at,
            Photo.id,
            PhotoPlacement.created_at,
            PhotoPlacement.id,
        )
    )


def select_signatures(*columns: Any) -> Select[Any]:
    return (
        select(Report.number, Report.revision, Signature, *columns)
        .select_from(Signature)
        .join(Report, Report.id == Signature.report_id)
        .order_by(Report.number, Report.revision, Signature.created_at, Signature.id)
    )


def photo_path(number: str, revision: int, field_id: str, position: int, photo: Photo) -> str:
    folder = safe_path_part(full_number(number, revision))
    suffix = SUFFIXES.get(photo.media_type, ".bin")
    name = f"{safe_path_part(field_id)}-{position + 1:03}-{photo.sha256[:12]}{suffix}"
    return f"photos/{folder}/{name}"


def signature_path(number: str, revision: int, signature: Signature) -> str:
    folder = safe_path_part(full_number(number, revision))
    return f"signatures/{folder}/{safe_path_part(signature.role_id)}-{_short(signature.id)}.png"


def _short(one: UUID) -> str:
    return str(one)[:8]
