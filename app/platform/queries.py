"""Reading companies from the platform's side: names, status and counts, never content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, text, true
from sqlalchemy.orm import Session

from app.company.limits import limits_in_force
from app.company.plans import Limit
from app.errors import DomainError, NotFound
from app.models import Account, Tenant, TenantStatus
from app.paging import Page, cut
from app.tenancy import platform_scope


class UnknownTenant(DomainError):
    """There is no company with the slug %(slug)s. `flask tenant list` shows all."""

    status = 404


class Standing(StrEnum):
    """What the list of companies can be narrowed to."""

    TRIAL = "trial"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class TenantLine:
    """One tenant of the command line's list; `accounts` counts the active ones."""

    id: UUID
    slug: str
    name: str
    status: TenantStatus
    locale: str
    created_at: datetime
    accounts: int


@dataclass(frozen=True, slots=True)
class Usage:
    """How much a company uses, in numbers; `reports_month` by the company's own clock."""

    people: int = 0
    invitations: int = 0
    reports: int = 0
    reports_month: int = 0
    storage_bytes: int = 0
    last_report_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Company:
    """A company as the platform sees it; `limits` are those in force, None is without limit."""

    tenant: Tenant
    limits: dict[Limit, int | None]
    usage: Usage = field(default_factory=Usage)


def list_companies(
    *, search: str = "", standing: Standing | None = None, page: int = 1, page_size: int
) -> Page[Company]:
    """The companies by name, in three queries however many there are."""
    matching = (_found_by(search), _stands(standing))
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
    return at.holding(Company(one, limits_in_force(one), usage[one.id]) for one in tenants)


def get_company(tenant_id: UUID) -> Company:
    """Raises NotFound."""
    with platform_scope() as session:
        tenant = session.scalars(select(Tenant).where(Tenant.id == tenant_id)).one_or_none()
        if tenant is None:
            raise NotFound
        usage = _count_usage(session, [tenant.id])
        session.expunge_all()
    return Company(tenant, limits_in_force(tenant), usage[tenant.id])


def list_tenants() -> list[TenantLine]:
    """Every tenant, by name."""
    accounts = (
        select(func.count(Account.id))
        .where(Account.tenant_id == Tenant.id, Account.is_active)
        .correlate(Tenant)
        .scalar_subquery()
    )
    statement = select(
        Tenant.id, Tenant.slug, Tenant.name, Tenant.status, Tenant.locale, Tenant.created_at,
        accounts,
    ).order_by(Tenant.name, Tenant.slug)  # fmt: skip
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


def _count_usage(session: Session, tenant_ids: Iterable[UUID]) -> dict[UUID, Usage]:
    """Of these companies alone: counting over all takes seconds where there are many."""
    rows = session.execute(
        text(
            "select tenant_id, people, invitations, reports, reports_month, storage_bytes,"
            " last_report_at from count_usage(cast(:ids as uuid[]))"
        ),
        {"ids": [str(one) for one in tenant_ids]},
    )
    return {tenant_id: Usage(*figures) for tenant_id, *figures in rows}


def _found_by(search: str) -> ColumnElement[bool]:
    words = search.strip()
    if not words:
        return true()
    columns = (Tenant.name, Tenant.slug)
    return or_(*(column.icontains(words, autoescape=True) for column in columns))


def _stands(standing: Standing | None) -> ColumnElement[bool]:
    if standing is None:
        return true()
    if standing is Standing.LEAVING:
        return Tenant.deletion_due_at.is_not(None)
    return Tenant.status == TenantStatus(standing.value)
