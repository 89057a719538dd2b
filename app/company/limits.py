"""The one mechanism of limits: new work asks for room here, in its own transaction.

Work that has begun never asks: it always finishes. A lock per company and limit is held until the
transaction ends, so that whoever asks at the same time counts what the first one made. Photos of
a report need no such lock: their service holds the report's.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select, text

from app.company.plans import GIB, Limit, limits_of
from app.definition.schema import Definition
from app.errors import DomainError
from app.extensions import db
from app.models import Account, Derivative, Document, Invitation, Photo, Report, Tenant
from app.tenancy import require_tenant


class LimitReached(DomainError):
    """A limit of your company is reached."""

    status = 422


class TooManyPeople(LimitReached):
    """People in your company: %(used)s of %(most)s, open invitations included, so no place is
    left. Deactivate somebody or revoke an invitation; Laudo's operator can raise the limit."""


class TooManyReports(LimitReached):
    """Reports that your company started this month: %(used)s of %(most)s, so no new one can be
    started. Those that were started can be finished; Laudo's operator can raise the limit."""


class StorageUsedUp(LimitReached):
    """Storage that your company uses: %(used)s of %(most)s GB, so no new report can be started.
    Those that were started can be finished; Laudo's operator can raise the limit."""


class NeedsMorePhotos(LimitReached):
    """Photos that this checklist asks for: at least %(needed)s. The limit of a report in your
    company is %(most)s, so it could never be submitted. Laudo's operator can raise the limit."""


class ReportTakesNoMorePhotos(LimitReached):
    """Photos in this report: %(used)s of %(most)s, so this one was not taken. Remove one that is
    not needed; Laudo's operator can raise the limit for new reports."""

    status = 409


class _Company(NamedTuple):
    """What limits are measured by, as the database has it at this moment."""

    limits: dict[Limit, int | None]
    time_zone: str


def limits_in_force(tenant: Tenant) -> dict[Limit, int | None]:
    """Each limit of the company; None is without limit."""
    return limits_of(tenant.plan, tenant.limits)


def require_room_for_person() -> None:
    """One more person or invitation. Raises TooManyPeople."""
    _take_turn(Limit.PEOPLE)
    if obstacle := find_obstacle_to_person():
        raise obstacle


def require_room_for_report() -> None:
    """One more report, and any storage left for it. Raises TooManyReports or StorageUsedUp."""
    # Summing takes longest and needs no turn: a start stores nothing by itself.
    if used_up := _find_storage_used_up():
        raise used_up
    _take_turn(Limit.REPORTS_MONTH)
    if full := _find_full_month():
        raise full


def take_photo_limit(definition: Definition) -> int | None:
    """How many photos a report that is started now may have, for all of its life.

    Raises NeedsMorePhotos where its checklist asks for more.
    """
    most = _company().limits[Limit.PHOTOS_REPORT]
    needed = sum(field.photos.min for field in definition.all_fields())
    if most is not None and needed > most:
        raise NeedsMorePhotos(needed=needed, most=most)
    return most


def require_room_for_photo(report: Report, *, used: int) -> None:
    """One more photo in a report that the caller has locked. Raises ReportTakesNoMorePhotos."""
    if report.photo_limit is not None and used >= report.photo_limit:
        raise ReportTakesNoMorePhotos(most=report.photo_limit, used=used)


def find_obstacle_to_person() -> LimitReached | None:
    """Why nobody could be invited at this moment; waits for no turn, so it promises nothing."""
    most = _company().limits[Limit.PEOPLE]
    if most is not None and (used := count_people()) >= most:
        return TooManyPeople(most=most, used=used)
    return None


def find_obstacle_to_report() -> LimitReached | None:
    """Why no report could be started at this moment; waits for no turn, so it promises nothing."""
    return _find_full_month() or _find_storage_used_up()


def count_people() -> int:
    """Active people and open invitations of the bound tenant.

    One statement: between two, somebody who accepts would be neither.
    """
    active = select(func.count(Account.id)).where(Account.is_active).scalar_subquery()
    return db.session.scalar(select(active + _open_invitations().scalar_subquery())) or 0


def _open_invitations() -> Select[Any]:
    """Those that hold a place: not accepted, taken back or expired."""
    return select(func.count(Invitation.id)).where(
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > func.clock_timestamp(),
    )


def count_reports_of_month() -> int:
    """Reports started since the first of the month by the company's clock, discarded ones too."""
    first = first_of_month(_company().time_zone)
    return db.session.scalar(select(func.count(Report.id)).where(Report.created_at >= first)) or 0


def first_of_month(time_zone: str) -> datetime:
    """When this month began there; aware."""
    now = datetime.now(ZoneInfo(time_zone))
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def count_bytes() -> int:
    """Bytes of photos, their derivatives and PDFs."""
    sums = [
        db.session.scalar(select(func.coalesce(func.sum(column), 0)))
        for column in (Photo.byte_size, Derivative.byte_size, Document.byte_size)
    ]
    return sum(int(one or 0) for one in sums)


def _find_full_month() -> TooManyReports | None:
    most = _company().limits[Limit.REPORTS_MONTH]
    if most is not None and (used := count_reports_of_month()) >= most:
        return TooManyReports(most=most, used=used)
    return None


def _find_storage_used_up() -> StorageUsedUp | None:
    most = _company().limits[Limit.STORAGE_BYTES]
    if most is not None and (stored := count_bytes()) >= most:
        return StorageUsedUp(most=gigabytes(most), used=gigabytes(stored))
    return None


def _take_turn(limit: Limit) -> None:
    """Wait for whoever asks for the same room at this moment; what they made is seen after it."""
    db.session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 7205006))"),
        {"key": f"{require_tenant()} {limit.value}"},
    )


def _company() -> _Company:
    """Columns, not the row: one that the session has loaded already may be older than the turn."""
    row = db.session.execute(
        select(Tenant.plan, Tenant.limits, Tenant.time_zone).where(Tenant.id == require_tenant())
    ).one()
    return _Company(limits_of(row.plan, row.limits), row.time_zone)


def gigabytes(size: int) -> Decimal:
    """As limits and plans count them: 1024 x 1024 x 1024 bytes."""
    return (Decimal(size) / GIB).quantize(Decimal("0.01"))
