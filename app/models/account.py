"""People: a tenant's accounts with their sessions, and the platform's superadmins."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Changing,
    Identified,
    StateText,
    TenantRow,
    one_of,
    tenant_key,
    tenant_table,
)


class Role(StrEnum):
    SUPERADMIN = "superadmin"
    ADMIN = "admin"
    MANAGER = "manager"
    TECHNICIAN = "technician"
    VIEWER = "viewer"


TENANT_ROLES = (Role.ADMIN, Role.MANAGER, Role.TECHNICIAN, Role.VIEWER)


class TenantRole(StrEnum):
    """The roles that the accounts table admits; a superadmin has no tenant and no row there."""

    ADMIN = Role.ADMIN.value
    MANAGER = Role.MANAGER.value
    TECHNICIAN = Role.TECHNICIAN.value
    VIEWER = Role.VIEWER.value


class Account(Changing, TenantRow):
    """E-mail is stored lower-case and is unique over the platform, superadmins included."""

    __tablename__ = "accounts"
    __table_args__ = tenant_table(one_of("role", TenantRole), UniqueConstraint("email"))

    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[Role] = mapped_column(StateText(Role))
    password_hash: Mapped[str] = mapped_column(String(255))
    locale: Mapped[str | None] = mapped_column(String(10))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))


class AccountSession(TenantRow):
    """One signed-in browser. The cookie holds a random token, this row only its SHA-256 (hex)."""

    __tablename__ = "account_sessions"
    __table_args__ = tenant_table(
        tenant_key("account_id", "accounts"), UniqueConstraint("token_hash")
    )

    account_id: Mapped[UUID]
    token_hash: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    user_agent: Mapped[str] = mapped_column(String(300), server_default="")
    ip: Mapped[str] = mapped_column(String(45), server_default="")


class Superadmin(Changing, Identified):
    """Runs the platform. Readable by the platform role only."""

    __tablename__ = "superadmins"
    __table_args__ = (UniqueConstraint("email"),)

    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    locale: Mapped[str | None] = mapped_column(String(10))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))

    role = Role.SUPERADMIN
    tenant_id = None


class SuperadminSession(Identified):
    """One signed-in browser of a superadmin; same rules as AccountSession."""

    __tablename__ = "superadmin_sessions"
    __table_args__ = (UniqueConstraint("token_hash"),)

    superadmin_id: Mapped[UUID] = mapped_column(ForeignKey("superadmins.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    user_agent: Mapped[str] = mapped_column(String(300), server_default="")
    ip: Mapped[str] = mapped_column(String(45), server_default="")
