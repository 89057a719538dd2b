"""Sets a company's plan, limits and state for a test. Only the platform role can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Flask

from app.models import Tenant
from app.tenancy import platform_scope


@contextmanager
def company_as(app: Flask, tenant_id: UUID, **columns: Any) -> Iterator[None]:
    """Set columns inside the block. They are committed, so that other connections see them."""
    before = _change(app, tenant_id, columns)
    try:
        yield
    finally:
        _change(app, tenant_id, before)


def set_company(app: Flask, tenant_id: UUID, **columns: Any) -> None:
    """Set columns permanently, in a database that only this test uses."""
    _change(app, tenant_id, columns)


def _change(app: Flask, tenant_id: UUID, columns: dict[str, Any]) -> dict[str, Any]:
    with app.app_context(), platform_scope() as session:
        tenant = session.get_one(Tenant, tenant_id)
        before = {name: getattr(tenant, name) for name in columns}
        for name, value in columns.items():
            setattr(tenant, name, value)
        session.commit()
    return before
