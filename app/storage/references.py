"""Which rows name which objects. Every column called `..._key` holds an object key or null, except
the public key of a passkey and the key of a block.

Works inside a tenant's scope, through both locks, so each company's rows are read separately.
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
OTHER_KEYS = frozenset({"public_key", "block_key"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A row of the bound tenant that names an object."""

    table: str
    row_id: UUID
    key: str


def list_references() -> Iterator[Reference]:
    """Every reference of the bound tenant."""
    for model, column in _columns():
        statement = select(model.id, column).where(column.is_not(None))
        rows = db.session.execute(statement.execution_options(yield_per=ROWS_AT_ONCE))
        for row_id, key in rows:
            yield Reference(model.__tablename__, row_id, key)


def list_named() -> set[str]:
    """Every key that the rows of the bound tenant name."""
    return {reference.key for reference in list_references()}


def find_named(keys: Collection[str]) -> set[str]:
    """Those of the keys that the rows of the bound tenant currently name."""
    found: set[str] = set()
    for _model, column in _columns():
        found.update(db.session.scalars(select(column).where(column.in_(keys))))
    return found


def list_tenant_ids() -> list[UUID]:
    """All companies, including suspended ones."""
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
