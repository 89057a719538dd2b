"""The CSV tables of a company's archive.

Rows are read in batches, because a company can have more answers and audit entries than fit in
memory. Headings are not translated, so that programs can rely on them. Password hashes and other
account secrets are never exported.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.contact import PARTS, contact_of
from app.exports.company.files import (
    full_number,
    photo_path,
    read_batches,
    select_placements,
    select_signatures,
    signature_path,
)
from app.exports.company.reviews import list_comment_rows, list_review_rows, list_witness_rows
from app.models import (
    Account,
    Answer,
    AuditEntry,
    Checklist,
    EditConflict,
    Equipment,
    Photo,
    PhotoPlacement,
    PhotoReading,
    Project,
    Report,
    Signature,
    Version,
    Witness,
)
from app.reports.revisions import superseding_revision

starter, answerer, settler = aliased(Account), aliased(Account), aliased(Account)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """One CSV file: `names` are its headings, separated by spaces; `rows()` yields its rows."""

    name: str
    names: str
    rows: Callable[[], Iterator[Row]]

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(self.names.split())


def tables() -> tuple[CsvTable, ...]:
    client = " ".join(f"client_{part}" for part in PARTS)
    return (
        CsvTable("people", "name email role active created_at deactivated_at", _people),
        CsvTable(
            "projects",
            f"name client {client} address latitude longitude radius_m created_at archived_at",
            _projects,
        ),
        CsvTable("equipment", "project tag name created_at", _equipment),
        CsvTable(
            "reports",
            "report number revision title status result project checklist version equipment "
            "assignee started_by due_on created_at started_at submitted_at completed_at "
            "archived_at discarded_at revision_reason superseded_by",
            _reports,
        ),
        CsvTable(
            "answers",
            "report field value comment na_reason row_version answered_by answered_at client_at",
            _answers,
        ),
        CsvTable(
            "conflicts",
            "report field photo_sha256 value comment na_reason base_version typed_by client_at "
            "received_at settled_at settled_by kept",
            _conflicts,
        ),
        CsvTable(
            "photos",
            "report field position caption file sha256 bytes type source latitude longitude "
            "accuracy_m position_at client_at received_at uploaded_by verdict taken_at "
            "quarantine_reason removed_at position_reason",
            _photos,
        ),
        CsvTable(
            "signatures",
            "report role signer content_hash file withdrawn taken_by taken_at client_at witness",
            _signatures,
        ),
        *_review_tables(),
        CsvTable(
            "audit", "sequence at action object_type object_id body previous_hash hash", _audit
        ),
    )


def _review_tables() -> tuple[CsvTable, ...]:
    return (
        CsvTable(
            "reviews",
            "report round step state reviewer submitted_by waiting_since begun_at closed_at"
            " accepted",
            list_review_rows,
        ),
        CsvTable(
            "review_comments",
            "report round step field words author created_at reply replied_by replied_at done_by"
            " done_at witness",
            list_comment_rows,
        ),
        CsvTable(
            "witnesses",
            "report role name email has_code sent_by sent_at expires_at revoked_at accepted",
            list_witness_rows,
        ),
    )


def _people() -> Iterator[Row]:
    columns = (
        Account.name,
        Account.email,
        Account.role,
        Account.is_active,
        Account.created_at,
        Account.deactivated_at,
    )
    for name, email, role, active, made, closed in read_batches(
        select(*columns).order_by(Account.created_at)
    ):
        yield name, email, role.value, _yes_or_no(active), made, closed


def _projects() -> Iterator[Row]:
    columns = (
        Project.name,
        Project.client,
        Project.client_contact,
        Project.address,
        Project.latitude,
        Project.longitude,
        Project.radius_m,
        Project.created_at,
        Project.archived_at,
    )
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
    """Includes discarded reports."""
    statement = (
        select(
            Report.number,
            Report.revision,
            Report.title,
            Report.status,
            Report.outcome,
            Project.name,
            Checklist.code,
            Version.number,
            Equipment.tag,
            Account.name,
            starter.name,
            Report.due_on,
            Report.created_at,
            Report.started_at,
            Report.submitted_at,
            Report.completed_at,
            Report.archived_at,
            Report.discarded_at,
            Report.revision_reason,
            superseding_revision(),
        )
        .join(Report.project)
        .join(Report.version)
        .join(Version.checklist)
        .join(Report.assignee)
        .join(Report.starter.of_type(starter))
        .outerjoin(Report.equipment)
        .order_by(Report.number, Report.revision)
    )
    for number, revision, title, status, outcome, *rest in read_batches(statement):
        result = outcome.value if outcome else None
        whole = full_number(number, revision)
        yield (whole, number, revision, title, status.value, result, *rest)


def _answers() -> Iterator[Row]:
    """Values as stored: texts as they are, all else as JSON.

    `answered_by` is empty for answers that were filled in from the report's own data.
    """
    statement = (
        select(
            Report.number,
            Report.revision,
            Answer.field_id,
            Answer.value,
            Answer.comment,
            Answer.na_reason,
            Answer.row_version,
            answerer.name,
            Answer.answered_at,
            Answer.client_at,
        )
        .join(Report, Report.id == Answer.report_id)
        .outerjoin(answerer, answerer.id == Answer.answered_by)
        .order_by(Report.number, Report.revision, Answer.field_id)
    )
    for number, revision, field_id, value, *rest in read_batches(statement):
        yield (full_number(number, revision), field_id, _plain(value), *rest)


def _conflicts() -> Iterator[Row]:
    """Values from phones that were based on an older one, as stored, and what was chosen.

    `photo_sha256` is empty for answers; with it the value is a caption.
    """
    statement = (
        select(
            Report.number,
            Report.revision,
            EditConflict.field_id,
            Photo.sha256,
            EditConflict.value,
            EditConflict.comment,
            EditConflict.na_reason,
            EditConflict.base_version,
            answerer.name,
            EditConflict.client_at,
            EditConflict.created_at,
            EditConflict.settled_at,
            settler.name,
            EditConflict.kept,
        )
        .join(Report, Report.id == EditConflict.report_id)
        .join(answerer, answerer.id == EditConflict.typed_by)
        .outerjoin(settler, settler.id == EditConflict.settled_by)
        .outerjoin(PhotoPlacement, PhotoPlacement.id == EditConflict.placement_id)
        .outerjoin(Photo, Photo.id == PhotoPlacement.photo_id)
        .order_by(Report.number, Report.revision, EditConflict.created_at)
    )
    for number, revision, field_id, sha256, value, *rest, kept in read_batches(statement):
        yield (
            full_number(number, revision),
            field_id,
            sha256,
            _plain(value),
            *rest,
            kept.value if kept else None,
        )


def _plain(value: Any) -> str | None:
    """A text as it is, all else as JSON."""
    return value if isinstance(value, str | None) else json.dumps(value, ensure_ascii=False)


def _photos() -> Iterator[Row]:
    statement = (
        select_placements(PhotoPlacement, Account.name, PhotoReading.verdict, PhotoReading.taken_at)
        .join(Account, Account.id == Photo.uploaded_by)
        .outerjoin(PhotoReading, PhotoReading.photo_id == Photo.id)
    )
    for row in read_batches(statement):
        number, revision, photo, place, person, verdict, taken_at = row
        path = photo_path(number, revision, place.field_id, place.position, photo)
        yield (
            full_number(number, revision),
            place.field_id,
            place.position + 1,
            place.caption,
            path,
            photo.sha256,
            photo.byte_size,
            photo.media_type,
            photo.source.value,
            photo.latitude,
            photo.longitude,
            photo.accuracy_m,
            photo.position_at,
            photo.client_at,
            photo.created_at,
            person,
            verdict.value if verdict else None,
            taken_at,
            place.quarantine_reason,
            place.removed_at,
            place.position_reason,
        )


def _signatures() -> Iterator[Row]:
    statement = (
        select_signatures(Account.name, Witness.name)
        .outerjoin(Account, Account.id == Signature.taken_by)
        .outerjoin(Witness, Witness.id == Signature.witness_id)
    )
    for number, revision, signature, person, witness in read_batches(statement):
        path = signature_path(number, revision, signature) if signature.image_key else None
        yield (
            full_number(number, revision),
            signature.role_id,
            signature.signer_name,
            signature.content_hash,
            path,
            _yes_or_no(signature.withdrawn),
            person,
            signature.created_at,
            signature.client_at,
            witness,
        )


def _audit() -> Iterator[Row]:
    """Times have microseconds, because the hash covers them."""
    columns = (
        AuditEntry.sequence,
        AuditEntry.at,
        AuditEntry.action,
        AuditEntry.object_type,
        AuditEntry.object_id,
        AuditEntry.body,
        AuditEntry.previous_hash,
        AuditEntry.hash,
    )
    for sequence, at, *rest in read_batches(select(*columns).order_by(AuditEntry.sequence)):
        yield (sequence, at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), *rest)


def _yes_or_no(is_so: bool) -> str:
    return "yes" if is_so else "no"
