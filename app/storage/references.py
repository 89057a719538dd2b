"""Which rows name which objects. Every column called `..._key` holds the key of one, or nothing,
but for the public key of a passkey.

Works inside a tenant's scope, through both locks: nobody's rows are read with another's key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.extensions import Base, db
from app.models import Tenant
from app.tenancy import platform_scope

ROWS_AT_ONCE = 5_000
OTHER_KEYS = frozenset({"public_key"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A row of the bound tenant that names an object."""

    table: str
    row_id: UUID
    key: str


def list_references() -> Iterator[Reference]:
    """Every one of the bound tenant."""
    for model, column in _columns():
        statement = select(model.id, column).where(column.is_not(None))
        rows = db.session.execute(statement.execution_options(yield_per=ROWS_AT_ONCE))
        for row_id, key in rows:
            yield Reference(model.__tablename__, row_id, key)


def list_named() -> set[str]:
    """Every key that a row of the bound tenant names."""
    return {reference.key for reference in list_references()}


def find_named(keys: Collection[str]) -> set[str]:
    """Those of the keys that a row of the bound tenant names at this moment."""
    found: set[str] = set()
    for _model, column in _columns():
        found.update(db.session.scalars(select(column).where(column.in_(keys))))
    return found


def list_tenant_ids() -> list[UUID]:
    """Every company, suspended ones too."""
    with platform_scope() as session:
        return list(session.scalars(select(Tenant.id).order_by(Tenant.created_at)))


def _columns() -> Iterator[tuple[Any, Any]]:
    for mapper in Base.registry.mappers:
        for column in mapper.columns:
            if column.name.endswith("_key") and column.name not in OTHER_KEYS:
                yield (
                    mapper.class_,
                    getattr(mapper.class_, mapper.get_property_by_column(column).key),
                )
