"""Checks completed reports of the bound tenant and stores the last verdict on each.

Comparing rows takes milliseconds and is done often; `flask check` and the relay's daily check also
read the stored files. The next check overwrites a verdict. verification.py does the comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from app.definition.schema import Definition
from app.evidence.queries import ask
from app.evidence.verification import (
    Difference,
    Differences,
    Part,
    find_differences,
    list_completed,
)
from app.extensions import db
from app.models import (
    FINISHED_STATUSES,
    Derivative,
    Document,
    Photo,
    PhotoPlacement,
    Report,
    Signature,
    Verification,
)
from app.storage import CorruptObject, MissingObject, storage
from app.tenancy import require_tenant


@dataclass(frozen=True, slots=True)
class StoredBytes:
    """A stored object of a report: its `key` in the storage, and the `subject` of a Difference."""

    key: str
    subject: str


@dataclass(frozen=True, slots=True)
class BrokenReport:
    """A report with differences, for lists. `definition` has the labels of its fields, None if even
    its version was deleted."""

    report_id: UUID
    number: str
    differences: Differences
    checked_at: datetime | None
    definition: Definition | None


@dataclass(frozen=True, slots=True)
class VerdictSummary:
    """A summary of the last verdicts on the completed reports of a tenant."""

    completed: int
    checked: int
    oldest_check: datetime | None
    broken: tuple[BrokenReport, ...]


def check_rows(report_id: UUID) -> Differences:
    """Compare the rows of one completed report now. Stores nothing."""
    return find_differences(ask, str(require_tenant()), [str(report_id)])[str(report_id)]


def list_report_ids() -> list[UUID]:
    """Every report that is or was completed; those unchecked for longest come first."""
    ids = [UUID(one) for one in list_completed(ask, str(require_tenant()))]
    checked: dict[UUID, datetime | None] = {
        row.report_id: row.bytes_checked_at
        for row in db.session.execute(select(Verification.report_id, Verification.bytes_checked_at))
    }
    return sorted(ids, key=lambda one: (checked.get(one) is not None, str(checked.get(one)), one))


def list_bytes(report_id: UUID) -> list[StoredBytes]:
    """The stored objects of a report: originals, pictures, signatures, finished PDFs."""
    placed = select(PhotoPlacement.photo_id).where(PhotoPlacement.report_id == report_id)
    photos = db.session.execute(
        select(Photo.storage_key, Photo.sha256).where(
            or_(Photo.report_id == report_id, Photo.id.in_(placed))
        )
    )
    pictures = db.session.execute(
        select(Derivative.storage_key, Photo.sha256)
        .join(Photo, Photo.id == Derivative.photo_id)
        .where(or_(Photo.report_id == report_id, Photo.id.in_(placed)))
    )
    signatures = db.session.execute(
        select(Signature.image_key, Signature.role_id).where(
            Signature.report_id == report_id, Signature.image_key.is_not(None)
        )
    )
    documents = db.session.execute(
        select(Document.storage_key, Document.id).where(
            Document.report_id == report_id, Document.storage_key.is_not(None)
        )
    )
    named: list[StoredBytes] = []
    for kind, rows in (
        ("original", photos),
        ("picture", pictures),
        ("signature", signatures),
        ("PDF", documents),
    ):
        named += [StoredBytes(str(key), f"{kind} {str(subject)[:12]}") for key, subject in rows]
    return named


def read_bytes(objects: Iterable[StoredBytes]) -> Iterator[Difference]:
    """Read and hash each object; yield those that are missing or changed.

    Call it outside a transaction, because it is slow. Raises StorageUnavailable.
    """
    store = storage()
    for one in objects:
        try:
            store.open(one.key).close()
        except MissingObject:
            yield Difference(Part.FILE, one.subject, ("missing",))
        except CorruptObject:
            yield Difference(Part.FILE, one.subject, ("changed",))


def keep_rows_verdict(report_id: UUID, differences: Differences) -> None:
    """Store the result of a comparison of rows. The caller commits."""
    data = [one.as_data() for one in differences]
    _keep(report_id, differences=data, rows_checked_at=func.clock_timestamp())


def keep_bytes_verdict(report_id: UUID, damage: Differences) -> None:
    """Store the result of reading the files. The caller commits."""
    data = [one.as_data() for one in damage]
    _keep(report_id, damage=data, bytes_checked_at=func.clock_timestamp())


def _keep(report_id: UUID, **values: Any) -> None:
    """A report whose row is gone has no verdict; the chain's page and `flask check` report it."""
    if db.session.scalar(select(Report.id).where(Report.id == report_id)) is None:
        return
    values["updated_at"] = func.clock_timestamp()
    row = {"tenant_id": require_tenant(), "report_id": report_id, **values}
    db.session.execute(
        insert(Verification)
        .values(row)
        .on_conflict_do_update(index_elements=["tenant_id", "report_id"], set_=values)
    )


def find_verification(report_id: UUID) -> Verification | None:
    """The last verdict on a report; the caller has checked that the person may see the report."""
    return db.session.scalars(
        select(Verification).where(Verification.report_id == report_id)
    ).one_or_none()


def differences_in(verification: Verification) -> Differences:
    """Everything that the last checks found, rows first."""
    rows = tuple(Difference.from_data(one) for one in verification.differences)
    return rows + damage_in(verification)


def damage_in(verification: Verification) -> Differences:
    """What the last check of the stored files found."""
    return tuple(Difference.from_data(one) for one in verification.damage)


def get_verdict_summary() -> VerdictSummary:
    """Summarise the verdicts on the tenant's completed reports, in three statements."""
    is_finished = Report.status.in_(FINISHED_STATUSES)
    completed = db.session.scalar(select(func.count()).select_from(Report).where(is_finished)) or 0
    counted = db.session.execute(
        select(func.count(), func.min(Verification.rows_checked_at)).select_from(Verification)
    ).one()
    rows = db.session.execute(
        select(Verification, Report)
        .join(Report, Report.id == Verification.report_id)
        .where(
            or_(
                func.jsonb_array_length(Verification.differences) > 0,
                func.jsonb_array_length(Verification.damage) > 0,
            )
        )
        .options(joinedload(Report.version))
        .order_by(Report.number, Report.revision)
    )
    broken = tuple(
        BrokenReport(
            report.id,
            report.full_number,
            differences_in(verification),
            verification.rows_checked_at,
            report.version.definition if report.version else None,
        )
        for verification, report in rows
    )
    return VerdictSummary(completed, counted[0], counted[1], broken)
