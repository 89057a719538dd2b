"""Sites and contracts, the equipment on them, and which viewers may read which project."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, DateTime, Numeric, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Changing, TenantRow, tenant_key, tenant_table

DEFAULT_RADIUS_M = 1_000
LEAST_RADIUS_M, MOST_RADIUS_M = 10, 100_000


class Project(Changing, TenantRow):
    """Coordinates are WGS 84 decimal degrees, six places.

    A photo that was taken farther from them than `radius_m`, in metres, is an exception.
    """

    __tablename__ = "projects"
    __table_args__ = tenant_table(
        UniqueConstraint("tenant_id", "name"),
        CheckConstraint(f"radius_m between {LEAST_RADIUS_M} and {MOST_RADIUS_M}", name="radius_m"),
    )

    name: Mapped[str] = mapped_column(String(200))
    client: Mapped[str] = mapped_column(String(200), server_default="")
    # How the client can be reached (app/contact.py).
    client_contact: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    address: Mapped[str] = mapped_column(String(500), server_default="")
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    radius_m: Mapped[int] = mapped_column(server_default=sql(str(DEFAULT_RADIUS_M)))
    archived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Equipment(Changing, TenantRow):
    """A tagged asset of a project."""

    __tablename__ = "equipment"
    __table_args__ = tenant_table(
        tenant_key("project_id", "projects"), UniqueConstraint("tenant_id", "project_id", "tag")
    )

    project_id: Mapped[UUID]
    tag: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(200), server_default="")
    # The tag without accents and capitals.
    search_words: Mapped[str] = mapped_column(
        Text, Computed("fold_words(tag)", persisted=True), deferred=True
    )


class ProjectGrant(TenantRow):
    """Lets one viewer read the completed reports of one project."""

    __tablename__ = "project_grants"
    __table_args__ = tenant_table(
        tenant_key("project_id", "projects"),
        tenant_key("account_id", "accounts"),
        UniqueConstraint("tenant_id", "account_id", "project_id"),
    )

    project_id: Mapped[UUID]
    account_id: Mapped[UUID]


class ProjectMember(TenantRow):
    """A person who works on the project. One without members is open to all of the company."""

    __tablename__ = "project_members"
    __table_args__ = tenant_table(
        tenant_key("project_id", "projects"),
        tenant_key("account_id", "accounts"),
        UniqueConstraint("tenant_id", "project_id", "account_id"),
    )

    project_id: Mapped[UUID]
    account_id: Mapped[UUID]


class ProjectChecklist(TenantRow):
    """A checklist that the project uses by default, in the order of `position`."""

    __tablename__ = "project_checklists"
    __table_args__ = tenant_table(
        tenant_key("project_id", "projects"),
        tenant_key("checklist_id", "checklists"),
        UniqueConstraint("tenant_id", "project_id", "checklist_id"),
    )

    project_id: Mapped[UUID]
    checklist_id: Mapped[UUID]
    position: Mapped[int]
