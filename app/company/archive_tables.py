"""What the archive of a company says in tables, and which stored files it takes along.

Everything is read in batches: a company has more answers and audit entries than fit in memory.
Headings are the same in every language, for programs; secrets of accounts never leave.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from app.contact import PARTS, contact_of
from app.extensions import db
from app.models import (
    Account,
    Answer,
    AuditEntry,
    Checklist,
    Document,
    Equipment,
    Photo,
    PhotoPlacement,
    PhotoReading,
    Project,
    Report,
    Signature,
    Snapshot,
    Tenant,
    Version,
    WorkState,
)
from app.tenancy import require_tenant

BATCH = 1_000
UNFIT = re.compile(r"[^A-Za-z0-9._-]")
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/heic": ".heic"}
starter, answerer = aliased(Account), aliased(Account)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One CSV: `rows()` reads what stands under the headings."""

    name: str
    headings: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the storage and its path in the archive; `sha256` is hex."""

    path: str
    key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Words:
    """A file made of a text of the database, to the byte."""

    path: str
    text: str


def read_batches(statement: Any) -> Iterator[Any]:
    """The rows of a statement, never all at once."""
    return iter(db.session.execute(statement, execution_options={"yield_per": BATCH}))


def safe_part(text: str) -> str:
    """A part of a path that every system takes; a changed one keeps apart from its likes."""
    tame = UNFIT.sub("_", text).lstrip(".") or "_"
    return tame if tame == text else f"{tame}~{sha256(text.encode()).hexdigest()[:8]}"


def full_number(number: str, revision: int) -> str:
    return f"{number}-R{revision}"


def tables() -> tuple[Table, ...]:
    return (
        Table("people", ("name", "email", "role", "active", "created_at", "deactivated_at"),
              _people),
        Table("projects", ("name", "client", *(f"client_{part}" for part in PARTS), "address",
                           "latitude", "longitude", "radius_m", "created_at",
                           "archived_at"), _projects),
        Table("equipment", ("project", "tag", "name", "created_at"), _equipment),
        Table("reports", ("report", "number", "revision", "title", "status", "result", "project",
                          "checklist", "version", "equipment", "assignee", "started_by", "due_on",
                          "created_at", "started_at", "submitted_at", "completed_at",
                          "archived_at", "discarded_at"), _reports),
        Table("answers", ("report", "field", "value", "comment", "na_reason", "row_version",
                          "answered_by", "answered_at", "client_at"), _answers),
        Table("photos", ("report", "field", "position", "caption", "file", "sha256", "bytes",
                         "type", "source", "latitude", "longitude", "accuracy_m", "position_at",
                         "client_at", "received_at", "uploaded_by", "verdict", "taken_at",
                         "quarantine_reason", "removed_at", "position_reason"), _photos),
        Table("signatures", ("report", "role", "signer", "content_hash", "file", "withdrawn",
                             "taken_by", "taken_at", "client_at"), _signatures),
        Table("audit", ("sequence", "at", "action", "object_type", "object_id", "body",
                        "previous_hash", "hash"), _audit),
    )  # fmt: skip


def words() -> Iterator[Words]:
    """Every frozen snapshot and every published version."""
    snapshots = select(Report.number, Report.revision, Snapshot.body).join(
        Report, Report.id == Snapshot.report_id
    )
    for number, revision, body in read_batches(snapshots):
        yield Words(f"snapshots/{safe_part(full_number(number, revision))}.json", body)
    versions = select(Checklist.code, Version.number, Version.body).join(
        Checklist, Checklist.id == Version.checklist_id
    )
    for code, number, body in read_batches(versions.where(Version.published_at.is_not(None))):
        text = json.dumps(body, ensure_ascii=False, indent=1)
        yield Words(f"checklists/{safe_part(code)}-v{number}.json", text)


def stored() -> Iterator[Stored]:
    """Every original photo (removed ones too), final PDF, drawn signature and logo.

    A photo that stands in two places is there twice: the folder of a report shows its places.
    """
    for row in read_batches(_placed(PhotoPlacement.field_id, PhotoPlacement.position)):
        number, revision, photo, field_id, position = row
        yield Stored(_photo_path(number, revision, field_id, position, photo),
                     photo.storage_key, photo.sha256)  # fmt: skip
    yield from _documents()
    for number, revision, signature in read_batches(_signed()):
        if signature.image_key:
            yield Stored(_signature_path(number, revision, signature), signature.image_key,
                         signature.image_sha256 or "")  # fmt: skip
    logos = select(Tenant.logo_key, Tenant.second_logo_key).where(Tenant.id == require_tenant())
    for name, key in zip(("logo", "second-logo"), db.session.execute(logos).one(), strict=True):
        if key:
            yield Stored(f"brand/{name}.png", key, "")


def count_bytes_stored() -> int:
    """How large the stored files are together, logos and signatures left out."""
    photos = select(func.coalesce(func.sum(Photo.byte_size), 0))
    documents = select(func.coalesce(func.sum(Document.byte_size), 0))
    return int(db.session.scalar(photos) or 0) + int(db.session.scalar(documents) or 0)


def _documents() -> Iterator[Stored]:
    """A second final PDF of one report gets a name of its own."""
    statement = (
        select(Report.number, Report.revision, Document.storage_key, Document.sha256)
        .join(Report, Report.id == Document.report_id)
        .where(
            Document.state == WorkState.DONE,
            Document.is_preview.is_(False),
            Document.storage_key.is_not(None),
        )
        .order_by(Report.number, Report.revision, Document.created_at)
    )
    last, turn = "", 1
    for number, revision, key, digest in read_batches(statement):
        name = safe_part(full_number(number, revision))
        turn = turn + 1 if name == last else 1
        last = name
        yield Stored(f"documents/{name}{f'-{turn}' if turn > 1 else ''}.pdf", key, digest or "")


def _placed(*columns: Any) -> Select[Any]:
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


def _signed(*columns: Any) -> Select[Any]:
    return (
        select(Report.number, Report.revision, Signature, *columns)
        .select_from(Signature)
        .join(Report, Report.id == Signature.report_id)
        .order_by(Report.number, Report.revision, Signature.created_at, Signature.id)
    )


def _photo_path(number: str, revision: int, field_id: str, position: int, photo: Photo) -> str:
    folder = safe_part(full_number(number, revision))
    suffix = SUFFIXES.get(photo.media_type, ".bin")
    name = f"{safe_part(field_id)}-{position + 1:03}-{photo.sha256[:12]}{suffix}"
    return f"photos/{folder}/{name}"


def _signature_path(number: str, revision: int, signature: Signature) -> str:
    folder = safe_part(full_number(number, revision))
    return f"signatures/{folder}/{safe_part(signature.role_id)}-{_short(signature.id)}.png"


def _short(one: UUID) -> str:
    return str(one)[:8]


def _people() -> Iterator[Row]:
    columns = (Account.name, Account.email, Account.role, Account.is_active, Account.created_at,
               Account.deactivated_at)  # fmt: skip
    for name, email, role, active, made, closed in read_batches(
        select(*columns).order_by(Account.created_at)
    ):
        yield name, email, role.value, _yes(active), made, closed


def _projects() -> Iterator[Row]:
    columns = (Project.name, Project.client, Project.client_contact, Project.address,
               Project.latitude, Project.longitude, Project.radius_m,
               Project.created_at, Project.archived_at)  # fmt: skip
    for name, client, contact, *rest in read_batches(select(*columns).order_by(Project.name)):
        parts = contact_of(contact).model_dump()
        yield (name, client, *(parts[part] for part in PARTS), *rest)


def _equipment() -> Iterator[Row]:
    statement = select(Project.name, Equipment.tag, Equipment.name, Equipment.created_at).join(
        Project, Project.id == Equipment.project_id
    )
    for row in read_batches(statement.order_by(Project.name, Equipment.tag)):
        yield tuple(row)


def _reports() -> Iterator[Row]:
    """Discarded ones too."""
    statement = (
        select(
            Report.number, Report.revision, Report.title, Report.status, Report.outcome,
            Project.name, Checklist.code, Version.number, Equipment.tag, Account.name,
            starter.name, Report.due_on, Report.created_at, Report.started_at,
            Report.submitted_at, Report.completed_at, Report.archived_at, Report.discarded_at,
        )
        .join(Report.project)
        .join(Report.version)
        .join(Version.checklist)
        .join(Report.assignee)
        .join(Report.starter.of_type(starter))
        .outerjoin(Report.equipment)
        .order_by(Report.number, Report.revision)
    )  # fmt: skip
    for number, revision, title, status, outcome, *rest in read_batches(statement):
        result = outcome.value if outcome else None
        whole = full_number(number, revision)
        yield (whole, number, revision, title, status.value, result, *rest)


def _answers() -> Iterator[Row]:
    """Values as they are kept: texts plain, all else as JSON. What the report's own data answered
    has nobody under `answered_by`."""
    statement = (
        select(
            Report.number, Report.revision, Answer.field_id, Answer.value, Answer.comment,
            Answer.na_reason, Answer.row_version, answerer.name, Answer.answered_at,
            Answer.client_at,
        )
        .join(Report, Report.id == Answer.report_id)
        .outerjoin(answerer, answerer.id == Answer.answered_by)
        .order_by(Report.number, Report.revision, Answer.field_id)
    )  # fmt: skip
    for number, revision, field_id, value, *rest in read_batches(statement):
        plain = value if isinstance(value, str | None) else json.dumps(value, ensure_ascii=False)
        yield (full_number(number, revision), field_id, plain, *rest)


def _photos() -> Iterator[Row]:
    statement = (
        _placed(PhotoPlacement, Account.name, PhotoReading.verdict, PhotoReading.taken_at)
        .join(Account, Account.id == Photo.uploaded_by)
        .outerjoin(PhotoReading, PhotoReading.photo_id == Photo.id)
    )
    for row in read_batches(statement):
        number, revision, photo, place, person, verdict, taken_at = row
        path = _photo_path(number, revision, place.field_id, place.position, photo)
        yield (
            full_number(number, revision), place.field_id, place.position + 1, place.caption,
            path, photo.sha256, photo.byte_size, photo.media_type, photo.source.value,
            photo.latitude, photo.longitude, photo.accuracy_m, photo.position_at, photo.client_at,
            photo.created_at, person, verdict.value if verdict else None, taken_at,
            place.quarantine_reason, place.removed_at, place.position_reason,
        )  # fmt: skip


def _signatures() -> Iterator[Row]:
    statement = _signed(Account.name).join(Account, Account.id == Signature.taken_by)
    for number, revision, signature, person in read_batches(statement):
        path = _signature_path(number, revision, signature) if signature.image_key else None
        yield (
            full_number(number, revision), signature.role_id, signature.signer_name,
            signature.content_hash, path, _yes(signature.withdrawn), person,
            signature.created_at, signature.client_at,
        )  # fmt: skip


def _audit() -> Iterator[Row]:
    """With the time to the microsecond, as the hash covers it."""
    columns = (AuditEntry.sequence, AuditEntry.at, AuditEntry.action, AuditEntry.object_type,
               AuditEntry.object_id, AuditEntry.body, AuditEntry.previous_hash,
               AuditEntry.hash)  # fmt: skip
    for sequence, at, *rest in read_batches(select(*columns).order_by(AuditEntry.sequence)):
        yield (sequence, at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), *rest)


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"
