"""Enforces limits: new work checks here, in its own transaction. Started work can always finish.

A check takes a lock per company and limit until the transaction ends. Otherwise two concurrent
transactions would both count the old total and exceed the limit together. Photos of a report need
no such lock, because their service holds the lock on the report.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select

from app.definition.schema import Definition
from app.errors import DomainError
from app.extensions import db
from app.locks import Turn, take_turn
from app.models import (
    Account,
    Derivative,
    Document,
    Invitation,
    Photo,
    PhotoUpload,
    Report,
    Tenant,
    UploadState,
)
from app.plans.plans import GIB, Limit, limits_of
from app.tenancy import require_tenant


class LimitReached(DomainError):
    """Your company has reached a limit."""

    status = 422


class TooManyPeople(LimitReached):
    """People in your company: %(used)s of %(most)s, including open invitations. No seat is left.
    Deactivate a person or revoke an invitation; the Laudo operator can raise the limit."""


class TooManyReports(LimitReached):
    """Reports started by your company this month: %(used)s of %(most)s, so no new report can be
    started. Reports already started can be completed; the Laudo operator can raise the limit."""


class StorageUsedUp(LimitReached):
    """Storage used by your company: %(used)s of %(most)s GB, so no new report can be started.
    Reports already started can be completed; the Laudo operator can raise the limit."""


class NeedsMorePhotos(LimitReached):
    """Photos required by this checklist: at least %(needed)s. Your company's limit per report is
    %(most)s, so the report could never be submitted. The Laudo operator can raise the limit."""


class ReportTakesNoMorePhotos(LimitReached):
    """Photos in this report: %(used)s of %(most)s, so this one was not accepted. Remove a photo
    that is not needed; the Laudo operator can raise the limit for new reports."""

    status = 409


class _CompanyLimits(NamedTuple):
    """The limits and the time zone of the company, read fresh from the database."""

    limits: dict[Limit, int | None]
    time_zone: str


def limits_in_force(tenant: Tenant) -> dict[Limit, int | None]:
    """Each limit of the company; None means unlimited."""
    return limits_of(tenant.plan, tenant.limits)


def require_room_for_person() -> None:
    """Check that there is room for one more person or invitation. Raises TooManyPeople."""
    take_turn(Turn.LIMIT, Limit.PEOPLE.value)
    if obstacle := find_obstacle_to_person():
        raise obstacle


def require_room_for_report() -> None:
    """Check that there is room for one more report. Raises TooManyReports or StorageUsedUp."""
    # The slow sum runs before the lock: starting a report stores nothing, so it needs no lock.
    if used_up := _find_storage_used_up():
        raise used_up
    take_turn(Turn.LIMIT, Limit.REPORTS_MONTH.value)
    if full := _find_full_month():
        raise full


def get_photo_limit(definition: Definition) -> int | None:
    """The photo limit of a report that is started now. The report keeps it if the plan changes.

    Raises NeedsMorePhotos if the checklist requires more photos.
    """
    most = _load_company_limits().limits[Limit.PHOTOS_REPORT]
    needed = sum(field.photos.always for field in definition.all_fields())
    if most is not None and needed > most:
        raise NeedsMorePhotos(needed=needed, most=most)
    return most


def require_room_for_photo(report: Report, *, used: int) -> None:
    """Check that a report, locked by the caller, has room for one more photo.

    Raises ReportTakesNoMorePhotos.
    """
    if report.photo_limit is not None and used >= report.photo_limit:
        raise ReportTakesNoMorePhotos(most=report.photo_limit, used=used)


def find_obstacle_to_person() -> LimitReached | None:
    """Why nobody can be invited now, or None. Takes no lock, so it guarantees nothing."""
    most = _load_company_limits().limits[Limit.PEOPLE]
    if most is not None and (used := count_people()) >= most:
        return TooManyPeople(most=most, used=used)
    return None


def find_obstacle_to_report() -> LimitReached | None:
    """Why no report can be started now, or None. Takes no lock, so it guarantees nothing."""
    return _find_full_month() or _find_storage_used_up()


def count_people() -> int:
    """Active people and open invitations of the bound tenant.

    A single statement: between two, a person who accepts an invitation could be counted in neither.
    """
    return db.session.scalar(select(people_used())) or 0


def people_used() -> ColumnElement[int]:
    """What `count_people` counts, for a statement that reads several figures at once."""
    active = select(func.count(Account.id)).where(Account.is_active).scalar_subquery()
    return active + _open_invitations().scalar_subquery()


def _open_invitations() -> Select[Any]:
    """Invitations that count towards the limit: not accepted, revoked or expired."""
    return select(func.count(Invitation.id)).where(
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > func.clock_timestamp(),
    )


def count_reports_of_month() -> int:
    """Reports started this month in the company's time zone, including discarded ones.

    A correction is no new report: a limit must never keep a mistake in force.
    """
    month = first_of_month(_load_company_limits().time_zone)
    return db.session.scalar(select(reports_of_month(month))) or 0


def reports_of_month(first: datetime) -> ColumnElement[int]:
    """What `count_reports_of_month` counts since the start of a month, for a statement that reads
    several figures at once."""
    return (
        select(func.count(Report.id))
        .where(Report.created_at >= first, Report.revision == 0)
        .scalar_subquery()
    )


def first_of_month(time_zone: str) -> datetime:
    """The start of the current month in this time zone, as an aware datetime."""
    now = datetime.now(ZoneInfo(time_zone))
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def count_bytes() -> int:
    """Bytes of photos, their derivatives and PDFs, and of uploads that are in no report yet."""
    return int(db.session.scalar(select(bytes_used())) or 0)


def bytes_used() -> ColumnElement[Any]:
    """What `count_bytes` counts, for a statement that reads several figures at once."""
    photos, derivatives, documents = (
        select(func.coalesce(func.sum(column), 0)).scalar_subquery()
        for column in (Photo.byte_size, Derivative.byte_size, Document.byte_size)
    )
    waiting = select(func.coalesce(func.sum(PhotoUpload.received), 0)).where(
        PhotoUpload.state != UploadState.PLACED
    )
    return photos + derivatives + documents + waiting.scalar_subquery()


def _find_full_month() -> TooManyReports | None:
    most = _load_company_limits().limits[Limit.REPORTS_MONTH]
    if most is not None and (used := count_reports_of_month()) >= most:
        return TooManyReports(most=most, used=used)
    return None


def _find_storage_used_up() -> StorageUsedUp | None:
    most = _load_company_limits().limits[Limit.STORAGE_BYTES]
    if most is not None and (stored := count_bytes()) >= most:
        return StorageUsedUp(most=gigabytes(most), used=gigabytes(stored))
    return None


def _load_company_limits() -> _CompanyLimits:
    """Selects columns, not the row: a row in the session may be older than the lock."""
    row = db.session.execute(
        select(Tenant.plan, Tenant.limits, Tenant.time_zone).where(Tenant.id == require_tenant())
    ).one()
    return _CompanyLimits(limits_of(row.plan, row.limits), row.time_zone)


def gigabytes(size: int) -> Decimal:
    """Bytes in GB, as limits and plans count them: 1024 x 1024 x 1024 bytes."""
    return (Decimal(size) / GIB).quantize(Decimal("0.01"))
