"""The one mechanism of limits: new work asks for room here, in its own transaction.

Work that has begun never asks: it always finishes. A lock per company and limit is held until the
transaction ends, so that whoever asks at the same time counts what the first one made.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text

from app.company.plans import Limit, limits_of
from app.errors import DomainError
from app.extensions import db
from app.models import Account, Derivative, Document, Invitation, Photo, Report, Tenant
from app.tenancy import require_tenant


class TooManyPeople(DomainError):
    """Your company may have %(most)s people and has %(used)s, open invitations included.
    Deactivate somebody or revoke an invitation; Laudo's operator can raise the limit."""

    status = 422


class TooManyReports(DomainError):
    """Your company may start %(most)s reports a month and has started %(used)s. Reports that were
    started can be finished; Laudo's operator can raise the limit."""

    status = 422


class StorageUsedUp(DomainError):
    """Your company may store %(most)s GB and stores %(used)s GB, so no new report can be started.
    Reports that were started can be finished; Laudo's operator can raise the limit."""

    status = 422


def limits_in_force(tenant: Tenant) -> dict[Limit, int | None]:
    """Each limit of the company; None is without limit."""
    return limits_of(tenant.plan, tenant.limits)


def require_room_for_person() -> None:
    """One more person or invitation. Raises TooManyPeople."""
    most = _take_turn(Limit.PEOPLE)
    used = count_people()
    if most is not None and used + 1 > most:
        raise TooManyPeople(most=most, used=used)


def require_room_for_report() -> None:
    """One more report, and any storage left for it. Raises TooManyReports or StorageUsedUp."""
    most = _take_turn(Limit.REPORTS_MONTH)
    used = count_reports_of_month()
    if most is not None and used + 1 > most:
        raise TooManyReports(most=most, used=used)
    most_bytes = _limit(Limit.STORAGE_BYTES)
    if most_bytes is not None and (stored := count_bytes()) >= most_bytes:
        raise StorageUsedUp(most=_gigabytes(most_bytes), used=_gigabytes(stored))


def photo_limit() -> int | None:
    """How many photos a report that is started now may have, for all of its life."""
    return _limit(Limit.PHOTOS_REPORT)


def count_people() -> int:
    """Active people and open invitations of the bound tenant."""
    open_invitations = (
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > func.clock_timestamp(),
    )
    active = select(func.count(Account.id)).where(Account.is_active)
    invited = select(func.count(Invitation.id)).where(*open_invitations)
    return (db.session.scalar(active) or 0) + (db.session.scalar(invited) or 0)


def count_reports_of_month() -> int:
    """Reports started since the first of the month by the company's clock, discarded ones too."""
    zone = ZoneInfo(_tenant().time_zone)
    first = datetime.now(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return db.session.scalar(select(func.count(Report.id)).where(Report.created_at >= first)) or 0


def count_bytes() -> int:
    """Bytes of photos, their derivatives and PDFs."""
    sums = [
        db.session.scalar(select(func.coalesce(func.sum(column), 0)))
        for column in (Photo.byte_size, Derivative.byte_size, Document.byte_size)
    ]
    return sum(int(one or 0) for one in sums)


def _take_turn(limit: Limit) -> int | None:
    """The limit, after waiting for whoever asks for the same room at this moment."""
    db.session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 7205006))"),
        {"key": f"{require_tenant()} {limit.value}"},
    )
    return _limit(limit)


def _limit(limit: Limit) -> int | None:
    return limits_in_force(_tenant())[limit]


def _tenant() -> Tenant:
    return db.session.scalars(select(Tenant).where(Tenant.id == require_tenant())).one()


def _gigabytes(size: int) -> str:
    return f"{size / 1024**3:.1f}"
