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


def lock_plainly(report_id: UUID, *, actor: Actor) -> LockedReport:
    """Lock the report until the transaction ends, as `lock_report` does. Raises NotFound."""
    columns = (
        Report.id,
        Report.number,
        Report.revision,
        Report.status,
        Report.discarded_at,
        Report.started_at,
        Report.version_id,
        Report.progress,
    )
    row = db.session.execute(
        select(*columns)
        .where(visible_to(actor), Report.id == report_id)
        .with_for_update(of=Report, key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound
    return LockedReport(*row)


def read_definition(version_id: UUID) -> Definition:
    return db.session.scalars(select(Version).where(Version.id == version_id)).one().definition


# Read after the lock is held: a statement that waits for a lock sees the other tables as they were
# before it waited. Every fact about a photo that a rule may look at is in its line.
_PHOTOS = """
  select p.id, p.field_id, json_build_array(p.field_id, g.verdict, c.state = 'failed',
      o.latitude is not null or g.latitude is not null, p.quarantine_reason, p.position_reason,
      o.sha256) as line
  from photo_placements as p
  join photos as o on o.tenant_id = :tenant_id and o.id = p.photo_id
  left join photo_readings as g on g.tenant_id = :tenant_id and g.photo_id = p.photo_id
  left join photo_checks as c on c.tenant_id = :tenant_id and c.photo_id = p.photo_id
  where p.tenant_id = :tenant_id and p.report_id = :report_id and p.removed_at is null
"""
_ORIGIN = """
  select json_build_array(j.client, j.name, j.address, e.tag, e.name, m.name, t.name, t.time_zone)
  from reports as r
  join projects as j on j.tenant_id = :tenant_id and j.id = r.project_id
  join accounts as m on m.tenant_id = :tenant_id and m.id = r.assignee_id
  join tenants as t on t.id = :tenant_id
  left join equipment as e on e.tenant_id = :tenant_id and e.id = r.equipment_id
  where r.tenant_id = :tenant_id and r.id = :report_id
"""
_READ = """
select a.id is not null as is_stored, a.value, a.comment, a.na_reason, a.row_version,
  a.answered_by, a.answered_at, counted.answers, counted.versions, placed.digest, placed.lines,
  exists (select from signatures as s
    where s.tenant_id = :tenant_id and s.report_id = :report_id) as is_signed,
  exists (select from conflicts as k where k.tenant_id = :tenant_id and k.report_id = :report_id
    and k.field_id = :field_id and k.settled_at is null) as has_conflicts,
  {origin} as origin
from (select count(*) as answers, coalesce(sum(n.row_version), 0) as versions
  from answers as n where n.tenant_id = :tenant_id and n.report_id = :report_id) as counted
cross join (select coalesce(md5(string_agg(one.line::text, ' ' order by one.id)), '') as digest,
    json_agg(one.line) filter (where one.field_id = :field_id) as lines
  from ({photos}) as one) as placed
left join answers as a on a.tenant_id = :tenant_id and a.report_id = :report_id
  and a.field_id = :field_id
"""
READ = text(_READ.format(photos=_PHOTOS, origin="null"))
READ_WITH_ORIGIN = text(_READ.format(photos=_PHOTOS, origin=f"({_ORIGIN})"))


def read_field(report: LockedReport, field_id: str, *, with_origin: bool) -> StoredField:
    """The stored field of a locked report."""
    statement = READ_WITH_ORIGIN if with_origin else READ
    row = execute_plain(statement, report_id=report.id, field_id=field_id).one()
    facts = AnswerFacts(row.value, row.comment or None, row.na_reason or None)
    return StoredField(
        facts=facts if row.is_stored else None,
        row_version=row.row_version or 0,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        photos=[_photo(*line) for line in row.lines or ()],
        answers=row.answers,
        versions=int(row.versions),
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


# The receipt decides whether anything is written: a client id that is taken stops the rest.
_RECEIPT = """
  insert into receipts (tenant_id, report_id, client_id, field_id, kind, verdict, base_version,
    row_version, digest, account_id, client_at)
  values (:tenant_id, :report_id, :client_id, :field_id, 'answer', 'applied', :base_version,
    :row_version, :digest, :sent_by, cast(:client_at as timestamptz))
  on conflict do nothing returning tenant_id, created_at
"""
_INSERT = """
  insert into answers (tenant_id, report_id, field_id, value, comment, na_reason, row_version,
    answered_by, answered_at, client_at)
  select receipt.tenant_id, :report_id, :field_id, cast(:value as jsonb), :comment, :na_reason,
    :row_version, :answered_by, cast(:answered_at as timestamptz), cast(:client_at as timestamptz)
  from receipt returning tenant_id
"""
_UPDATE = """
  update answers as a set value = cast(:value as jsonb), comment = :comment,
    na_reason = :na_reason, row_version = :row_version, answered_by = :answered_by,
    answered_at = :answered_at, client_at = cast(:client_at as timestamptz), updated_at = now()
  from receipt
  where a.tenant_id = :tenant_id and a.report_id = :report_id and a.field_id = :field_id
    and receipt.tenant_id = :tenant_id
  returning a.tenant_id
"""
_WRITE = """
with receipt as ({receipt}), answer as ({answer})
update reports as r set updated_at = :answered_at, progress = cast(:progress as jsonb)
from answer where answer.tenant_id = :tenant_id and r.tenant_id = :tenant_id and r.id = :report_id
returning (select created_at from receipt) as received_at
"""
_NO_RECEIPT = "select cast(:tenant_id as uuid) as tenant_id, clock_timestamp() as created_at"
WRITES = {
    (has_id, is_new): text(
        _WRITE.format(
            receipt=_RECEIPT if has_id else _NO_RECEIPT, answer=_INSERT if is_new else _UPDATE
        )
    )
    for has_id in (True, False)
    for is_new in (True, False)
}


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
    }
    if new.client_id:
        values |= {
            "client_id": new.client_id,
            "digest": new.digest,
            "base_version": new.base_version,
            "sent_by": new.sent_by,
        }
    statement = WRITES[new.client_id is not None, new.row_version == 1]
    received_at: datetime | None = execute_plain(statement, **values).scalar()
    # Objects of these rows that were loaded before are out of date.
    db.session.expire_all()
    return received_at
