"""The rows that one save locks, reads and writes, as plain values in one statement each.

A save is the most frequent change, and objects would cost it more than the database does. The texts
compare the tenant themselves (app.tenancy.execute_plain). Nothing is decided here: see service.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from app.definition.judging import AnswerFacts, PhotoFacts
from app.definition.schema import Definition
from app.errors import NotFound
from app.extensions import db
from app.models import OPEN_STATUSES, Actor, PhotoVerdict, Report, ReportStatus, Version
from app.reports.facts import state_of
from app.reports.own_values import PlainOrigin
from app.reports.queries import visible_to
from app.tenancy import execute_plain
from app.transactions import hold


@dataclass(frozen=True, slots=True)
class LockedReport:
    """The columns of a report that a save needs."""

    id: UUID
    number: str
    revision: int
    status: ReportStatus
    discarded_at: datetime | None
    started_at: datetime | None
    version_id: UUID
    progress: Mapping[str, Any] | None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES and self.discarded_at is None


@dataclass(frozen=True, slots=True)
class StoredField:
    """One field as it is stored, and what the progress of the report depends on.

    `facts` is None if there is no answer. `answers`, `versions` and `photo_digest` are arguments of
    `basis_of` in kept_progress.py.
    """

    facts: AnswerFacts | None
    row_version: int
    answered_by: UUID | None
    answered_at: datetime | None
    photos: Sequence[PhotoFacts]
    answers: int
    versions: int
    photo_digest: str
    is_signed: bool
    has_conflicts: bool
    origin: PlainOrigin | None


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """What a save writes. `client_id`, `digest`, `base_version` and `sent_by` are those of its
    receipt, if it sent an id."""

    field_id: str
    facts: AnswerFacts
    row_version: int
    answered_by: UUID | None
    answered_at: datetime
    client_at: datetime | None
    client_id: UUID | None
    digest: str
    base_version: int
    sent_by: UUID | None
    progress: Mapping[str, Any]


LOCK = select(
    Report.id,
    Report.number,
    Report.revision,
    Report.status,
    Report.discarded_at,
    Report.started_at,
    Report.version_id,
    Report.progress,
).with_for_update(of=Report, key_share=True)


def lock_plainly(report_id: UUID, *, actor: Actor) -> LockedReport:
    """Lock the report until the transaction ends, as `lock_report` does. Raises NotFound."""
    row = db.session.execute(LOCK.where(visible_to(actor), Report.id == report_id)).one_or_none()
    if row is None:
        raise NotFound
    return LockedReport(*row)


def read_definition(version_id: UUID) -> Definition:
    return db.session.scalars(select(Version).where(Version.id == version_id)).one().definition


# Read after the lock is held: a statement that waits for a lock sees the other tables as they were
# before it waited. The function is of migration 0034; PostgreSQL keeps its plan.
READ = text("select * from read_saved_field(:tenant_id, :report_id, :field_id, :with_origin)")


def read_field(report: LockedReport, field_id: str, *, with_origin: bool) -> StoredField:
    """The stored field of a locked report."""
    row = execute_plain(READ, report_id=report.id, field_id=field_id, with_origin=with_origin).one()
    facts = AnswerFacts(row.value, row.comment or None, row.na_reason or None)
    return StoredField(
        facts=facts if row.is_stored else None,
        row_version=row.row_version or 0,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        photos=[_photo(*line) for line in row.lines or ()],
        answers=row.answers,
        versions=row.versions,
        photo_digest=row.digest,
        is_signed=row.is_signed,
        has_conflicts=row.has_conflicts,
        origin=_origin(report, row.origin) if with_origin else None,
    )


def _photo(
    field_id: str,
    verdict: str | None,
    has_failed: bool | None,
    has_position: bool,
    reason: str,
    position_reason: str,
    sha256: str,
) -> PhotoFacts:
    return PhotoFacts(
        field_id=field_id,
        state=state_of(PhotoVerdict(verdict) if verdict else None, bool(has_failed)),
        has_position=has_position,
        reason=reason or None,
        position_reason=position_reason or None,
        photo=sha256,
    )


def _origin(report: LockedReport, values: Sequence[Any]) -> PlainOrigin:
    return PlainOrigin(*(*values, f"{report.number}-R{report.revision}", report.started_at))


WRITE = text(
    "select write_saved_answer(:tenant_id, :report_id, :field_id, cast(:value as jsonb), :comment,"
    " :na_reason, :row_version, cast(:answered_by as uuid), cast(:answered_at as timestamptz),"
    " cast(:client_at as timestamptz), cast(:progress as jsonb), cast(:client_id as uuid), :digest,"
    " :base_version, cast(:sent_by as uuid))"
)


def write_answer(report: LockedReport, new: NewAnswer) -> datetime | None:
    """Write receipt, answer and progress, and return the time of the receipt; None, and nothing is
    written, if the id is taken."""
    hold()
    values = {
        "report_id": report.id,
        "field_id": new.field_id,
        "value": None if new.facts.value is None else json.dumps(new.facts.value),
        "comment": new.facts.comment or "",
        "na_reason": new.facts.na_reason or "",
        "row_version": new.row_version,
        "answered_by": new.answered_by,
        "answered_at": new.answered_at,
        "client_at": new.client_at,
        "progress": json.dumps(new.progress),
        "client_id": new.client_id,
        "digest": new.digest,
        "base_version": new.base_version,
        "sent_by": new.sent_by,
    }
    received_at: datetime | None = execute_plain(WRITE, **values).scalar()
    # Objects of these rows that were loaded before are out of date.
    db.session.expire_all()
    return received_at
