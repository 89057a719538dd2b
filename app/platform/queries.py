"""Reading tenants from the platform's side: names, status and counts, never content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from app.errors import DomainError
from app.models import Account, Tenant, TenantStatus
from app.tenancy import platform_scope


class UnknownTenant(DomainError):
    """There is no company with the slug %(slug)s. `flask tenant list` shows all."""

    status = 404


@dataclass(frozen=True, slots=True)
class TenantLine:
    """One tenant of the list; `accounts` counts the active ones."""

    id: UUID
    slug: str
    name: str
    status: TenantStatus
    locale: str
    created_at: datetime
    accounts: int


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
