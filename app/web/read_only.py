"""Why a company's space can only be read just now: it is suspended, or its trial is over.

The guards refuse its people's writes with this; routes that nobody has to log in for and that
write into a company ask `refuse_write` themselves. Reading, downloads and the export go on.
"""

from __future__ import annotations

from flask_login import current_user

from app.errors import DomainError
from app.models import Tenant, TenantStatus
from app.web.locale import last_day


class ReadOnly(DomainError):
    """Nothing can be changed just now."""

    status = 403


class TenantSuspended(ReadOnly):
    """Your company's space is suspended: everything can be read, nothing can be changed.
    Ask your administrator."""


class SuspendedBecause(ReadOnly):
    """Your company's space is suspended since %(since)s: everything can be read, nothing can be
    changed. The reason given: %(reason)s"""


class TrialOver(ReadOnly):
    """The trial of your company ended on %(since)s: everything can be read and exported, nothing
    can be changed. Your administrator can ask Laudo's operator for a plan."""


class SupportReadsOnly(ReadOnly):
    """You look at this company for support: everything can be read, nothing can be changed,
    written or taken out as a file of lists. One of the company's admins can do that."""


def find_reason(tenant: Tenant | None) -> ReadOnly | None:
    """What to say to whoever wants to change something, or None where they may."""
    if tenant is None or not tenant.is_read_only:
        return None
    if tenant.status is not TenantStatus.SUSPENDED:
        assert tenant.trial_ends_at
        return TrialOver(since=last_day(tenant.trial_ends_at, tenant.time_zone))
    if not tenant.suspended_reason:
        return TenantSuspended()
    since = tenant.suspended_at or tenant.updated_at
    return SuspendedBecause(since=since, reason=tenant.suspended_reason)


def refuse_write(tenant: Tenant | None) -> None:
    """Raises ReadOnly where nothing of the company may be changed."""
    if reason := find_reason(tenant):
        raise reason


def own_reason() -> ReadOnly | None:
    """The same of the signed-in person's company."""
    return find_reason(current_user.tenant) if current_user.is_authenticated else None
