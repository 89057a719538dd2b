"""Sites and contracts, the equipment on them, and which viewers may read which project."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, DateTime, Numeric, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Audited, Changing, TenantRow, tenant_key, tenant_table

DEFAULT_RADIUS_M = 1_000
MIN_RADIUS_M, MAX_RADIUS_M = 10, 100_000


class Project(Changing, TenantRow, Audited):
    """Coordinates are WGS 84 decimal degrees, six places.

    A photo taken more than `radius_m` metres away from them is an exception.
    """

    __tablename__ = "projects"
    audit_type = "project"
    __table_args__ = tenant_table(
        UniqueConstraint("tenant_id", "name"),
        CheckConstraint(f"radius_m between {MIN_RADIUS_M} and {MAX_RADIUS_M}", name="radius_m"),
    )

    name: Mapped[str] = mapped_column(String(200))
    client: Mapped[str] = mapped_column(String(200), server_default="")
    # How the client can be reached (app/contact.py).
    client_contact: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    address: Mapped[str] = mapped_column(String(500), server_default="")
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    radius_m: Mapped[int] = mapped_column(server_default=sql(str(DEFAULT_RADIUS_M)))
    # Who reviews its reports (app.models.review.Review.steps); None for what each checklist says.
    review_steps: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    archived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Equipment(Changing, TenantRow, Audited):
    """A tagged asset of a project."""

    __tablename__ = "equipment"
    audit_type = "equipment"
    __table_args__ = tenant_table(
        tenant_key("project_id", "projects"), UniqueConstraint("tenant_id", "project_id", "tag")
    )

    project_id: Mapped[UUID]
    tag: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(200), server_default="")
    # The tag in lower case without accents.
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
    """A person who works on the project. A project without members is open to the whole company."""

    __tablename__ = "project_members"
    __table_args__ = tenant_table(
        tenant_key("project_id", "projects"),
        tenant_key("account_id", "accounts"),
        UniqueConstraint("tenant_id", "project_id", "account_id"),
    )

    project_id: Mapped[UUID]
    account_id: Mapped[UUID]


class ProjectChecklist(TenantRow):
    """A default checklist of the project, ordered by `position`."""

    __tablename__ = "project_checklists"
    __table_args__ = tenant_table(
        tenant_key("project_id", "projects"),
        tenant_key("checklist_id", "checklists"),
        UniqueConstraint("tenant_id", "project_id", "checklist_id"),
    )

    project_id: Mapped[UUID]
    checklist_id: Mapped[UUID]
    position: Mapped[int]
