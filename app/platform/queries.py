"""Reads companies for the platform: names, status and counts, never content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, text, true
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.models import Account, Tenant, TenantStatus
from app.paging import Page, cut
from app.plans.limits import limits_in_force
from app.plans.plans import Limit
from app.rows import one_or_404
from app.tenancy import platform_scope


class UnknownTenant(DomainError):
    """No company has the slug %(slug)s. `flask tenant list` shows all of them."""

    status = 404


class CompanyStatusFilter(StrEnum):
    """The status filter of the list of companies."""

    TRIAL = "trial"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class TenantLine:
    """One tenant in the list of the command line; `accounts` counts active accounts."""

    id: UUID
    slug: str
    name: str
    status: TenantStatus
    locale: str
    created_at: datetime
    accounts: int


@dataclass(frozen=True, slots=True)
class CompanyCounts:
    """Counts of a company; `reports_month` is the current month in the company's time zone."""

    people: int = 0
    invitations: int = 0
    reports: int = 0
    reports_month: int = 0
    storage_bytes: int = 0
    last_report_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CompanyOverview:
    """A company with its effective limits (None means unlimited) and its counts."""

    tenant: Tenant
    limits: dict[Limit, int | None]
    usage: CompanyCounts = field(default_factory=CompanyCounts)


def list_companies(
    *, search: str = "", standing: CompanyStatusFilter | None = None, page: int = 1, page_size: int
) -> Page[CompanyOverview]:
    """List the companies by name, in three queries regardless of their number."""
    matching = (_matches_search(search), _has_status(standing))
    with platform_scope() as session:
        total = session.scalar(select(func.count(Tenant.id)).where(*matching)) or 0
        at = cut(total, page, page_size)
        tenants = session.scalars(
            select(Tenant)
            .where(*matching)
            .order_by(func.lower(Tenant.name), Tenant.id)
            .limit(at.size)
            .offset(at.offset)
        ).all()
        usage = _count_usage(session, [tenant.id for tenant in tenants])
        session.expunge_all()
    return at.holding(CompanyOverview(one, limits_in_force(one), usage[one.id]) for one in tenants)


def get_company(tenant_id: UUID) -> CompanyOverview:
    """Raises NotFound."""
    with platform_scope() as session:
        tenant = one_or_404(select(Tenant).where(Tenant.id == tenant_id), session)
        usage = _count_usage(session, [tenant.id])
        session.expunge_all()
    return CompanyOverview(tenant, limits_in_force(tenant), usage[tenant.id])


def list_tenants() -> list[TenantLine]:
    """List all tenants by name."""
    accounts = (
        select(func.count(Account.id))
        .where(Account.tenant_id == Tenant.id, Account.is_active)
        .correlate(Tenant)
        .scalar_subquery()
    )
    statement = select(
        Tenant.id,
        Tenant.slug,
        Tenant.name,
        Tenant.status,
        Tenant.locale,
        Tenant.created_at,
        accounts,
    ).order_by(Tenant.name, Tenant.slug)
    with platform_scope() as session:
        return [TenantLine(*row) for row in session.execute(statement)]


def find_tenant_id(slug: str) -> UUID | None:
    with platform_scope() as session:
        return session.scalars(select(Tenant.id).where(Tenant.slug == slug)).one_or_none()


def get_tenant_id(slug: str) -> UUID:
    """Raises UnknownTenant."""
    tenant_id = find_tenant_id(slug)
    if tenant_id is None:
        raise UnknownTenant(slug=slug)
    return tenant_id


def _count_usage(session: Session, tenant_ids: Iterable[UUID]) -> dict[UUID, CompanyCounts]:
    """Count only for these companies; counting for all of them would take seconds."""
    rows = session.execute(
        text(
            "select tenant_id, people, invitations, reports, reports_month, storage_bytes,"
            " last_report_at from count_usage(cast(:ids as uuid[]))"
        ),
        {"ids": [str(one) for one in tenant_ids]},
    )
    return {tenant_id: CompanyCounts(*counts) for tenant_id, *counts in rows}


def _matches_search(search: str) -> ColumnElement[bool]:
    words = search.strip()
    if not words:
        return true()
    columns = (Tenant.name, Tenant.slug)
    return or_(*(column.icontains(words, autoescape=True) for column in columns))


def _has_status(standing: CompanyStatusFilter | None) -> ColumnElement[bool]:
    if standing is None:
        return true()
    if standing is CompanyStatusFilter.LEAVING:
        return Tenant.deletion_due_at.is_not(None)
    return Tenant.status == TenantStatus(standing.value)
