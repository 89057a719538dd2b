"""What every model shares: ids, times, tenant keys. Business rules live in services."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    String,
    TypeDecorator,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.extensions import Base
from app.tenancy import TenantOwned


class Identified(Base):
    """A UUID key made by the database and the time of the insert (aware UTC)."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )


class TenantRow(TenantOwned, Identified):
    """A row of one tenant. (tenant_id, id) is unique so that foreign keys can carry both."""

    __abstract__ = True

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805
        return tenant_table()


class Changing:
    """Mixin of rows that may change; insert-only tables leave it out."""

    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp(), onupdate=func.now()
    )


def tenant_table(*constraints: Any) -> tuple[Any, ...]:
    """Table arguments of a tenant table: the composite key plus the table's own."""
    tenant = ForeignKeyConstraint(["tenant_id"], ["tenants.id"])
    return (UniqueConstraint("tenant_id", "id"), tenant, *constraints)


def tenant_key(column: str, table: str) -> ForeignKeyConstraint:
    """A foreign key between tenant tables: (tenant_id, column) -> table (tenant_id, id).

    A plain key would ignore row-level security and accept another tenant's row.
    """
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"])


def own_key(
    *columns: str, kind: str, of: str = "tenant_id", sha256: str | None = None, suffix: str = ""
) -> CheckConstraint:
    """The CHECK that each storage key of a row lies under its own company.

    With `sha256`, the column that holds the hash, the key also names exactly those bytes.
    """
    start = f"'t/' || {of} || '/{kind}/'"
    end = f" || '{suffix}'" if suffix else ""
    rules = (
        f"{column} = {start} || coalesce({sha256}, ''){end}"
        if sha256
        else f"starts_with({column}, {start})"
        for column in columns
    )
    return CheckConstraint(" and ".join(rules), name="own_key")


class StateText(TypeDecorator[StrEnum]):
    """A StrEnum stored as text; `one_of` adds the matching CHECK."""

    impl = String
    cache_ok = True

    def __init__(self, states: type[StrEnum]) -> None:
        super().__init__(40)
        self.states = states

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else self.states(value).value

    def process_result_value(self, value: Any, dialect: Any) -> StrEnum | None:
        return None if value is None else self.states(value)


def one_of(column: str, states: type[StrEnum]) -> CheckConstraint:
    allowed = ", ".join(f"'{state.value}'" for state in states)
    return CheckConstraint(f"{column} in ({allowed})", name=f"{column}_known")
