"""Why a company is read-only: it is suspended, or its trial is over.

The guards refuse writes with these errors. Public routes that write into a company call
`check_writable` themselves. Reading, downloads and the export still work.
"""

from __future__ import annotations

from flask_login import current_user

from app.errors import DomainError
from app.models import Tenant, TenantStatus
from app.web.locale import last_day


class ReadOnly(DomainError):
    """Nothing can be changed right now."""

    status = 403


class TenantSuspended(ReadOnly):
    """Your company is suspended: everything can be read, but nothing can be changed. Ask your
    admin."""


class SuspendedBecause(ReadOnly):
    """Your company has been suspended since %(since)s: everything can be read, but nothing can be
    changed. Reason given: %(reason)s"""


class TrialOver(ReadOnly):
    """Your company's trial ended on %(since)s: everything can be read and exported, but nothing can
    be changed. Your admin can ask the Laudo operator for a plan."""


class SupportReadsOnly(ReadOnly):
    """You have support access to this company: everything can be read, but nothing can be changed,
    added or exported as a list. An admin of the company can do that."""


def find_reason(tenant: Tenant | None) -> ReadOnly | None:
    """The error to raise on a write, or None if writes are allowed."""
    if tenant is None or not tenant.is_read_only:
        return None
    if tenant.status is not TenantStatus.SUSPENDED:
        assert tenant.trial_ends_at
        return TrialOver(since=last_day(tenant.trial_ends_at, tenant.time_zone))
    if not tenant.suspended_reason:
        return TenantSuspended()
    since = tenant.suspended_at or tenant.updated_at
    return SuspendedBecause(since=since, reason=tenant.suspended_reason)


def check_writable(tenant: Tenant | None) -> None:
    """Raises ReadOnly if the company is read-only."""
    if reason := find_reason(tenant):
        raise reason


def own_reason() -> ReadOnly | None:
    """The reason that applies to the signed-in person's company."""
    return find_reason(current_user.tenant) if current_user.is_authenticated else None
