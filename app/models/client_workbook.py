"""Workbooks of clients, kept as they came, with how each is mapped to a checklist."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Changing, TenantRow, tenant_key, tenant_table


class ClientWorkbook(Changing, TenantRow):
    """A workbook of no known form. A filled copy begins from `content`, which never changes.

    `corrections` are the clicks (app.definition.mapping.Correction), oldest first; `mapping` is
    what the workbook is understood as with them (app.definition.mapping.Mapping). Kept in the
    database and not in the storage: a copy is made from it while a transaction can be short.
    """

    __tablename__ = "client_workbooks"
    __table_args__ = tenant_table(
        tenant_key("created_by", "accounts"),
        CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="own_content"),
        CheckConstraint("jsonb_typeof(corrections) = 'array'", name="corrections_listed"),
        Index("ix_client_workbooks_tenant_id_created_by", "tenant_id", "created_by"),
    )

    created_by: Mapped[UUID]
    file_name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    corrections: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    mapping: Mapped[dict[str, Any]] = mapped_column(deferred=True)


class WorkbookShape(Changing, TenantRow):
    """The corrections to remember for the next workbook whose tables have the same heads."""

    __tablename__ = "workbook_shapes"
    __table_args__ = tenant_table(
        UniqueConstraint("tenant_id", "shape"),
        CheckConstraint("jsonb_typeof(corrections) = 'array'", name="corrections_listed"),
    )

    shape: Mapped[str] = mapped_column(String(64))
    corrections: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))


class VersionWorkbook(TenantRow):
    """The workbook that a version was made of, and where each answer goes
    (app.definition.mapping.Places). The row goes with its draft."""

    __tablename__ = "version_workbooks"
    __table_args__ = tenant_table(
        ForeignKeyConstraint(
            ["tenant_id", "version_id"], ["versions.tenant_id", "versions.id"], ondelete="CASCADE"
        ),
        tenant_key("workbook_id", "client_workbooks"),
        UniqueConstraint("tenant_id", "version_id"),
        Index("ix_version_workbooks_tenant_id_workbook_id", "tenant_id", "workbook_id"),
    )

    version_id: Mapped[UUID]
    workbook_id: Mapped[UUID]
    places: Mapped[dict[str, Any]] = mapped_column(deferred=True)
