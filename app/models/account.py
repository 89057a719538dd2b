"""People: a tenant's accounts with their sessions, and the platform's superadmins."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Audited,
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


MANAGERS = (Role.ADMIN, Role.MANAGER)
STAFF = (*MANAGERS, Role.TECHNICIAN)
"""Who fills in reports, and whom one can be handed to."""
TENANT_ROLES = (*STAFF, Role.VIEWER)


class TenantRole(StrEnum):
    """The roles of rows in `accounts`. A superadmin has no tenant and no row there."""

    ADMIN = Role.ADMIN.value
    MANAGER = Role.MANAGER.value
    TECHNICIAN = Role.TECHNICIAN.value
    VIEWER = Role.VIEWER.value


class TotpColumns:
    """Mixin: the encrypted secret of authenticator codes, used once it is confirmed.

    `totp_step` is the newest step (of 30 s since 1970) whose code was accepted, so that no code
    works twice.
    """

    totp_secret: Mapped[str | None] = mapped_column(String(500))
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    totp_step: Mapped[int | None] = mapped_column(BigInteger)


class Account(TotpColumns, Changing, TenantRow, Audited):
    """E-mail is stored in lower case and is unique across the platform, including superadmins.

    `mail_choices` maps a kind of mail to false if the person has turned it off.
    """

    __tablename__ = "accounts"
    audit_type = "account"
    __table_args__ = tenant_table(one_of("role", TenantRole), UniqueConstraint("email"))

    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[Role] = mapped_column(StateText(Role))
    password_hash: Mapped[str] = mapped_column(String(255))
    locale: Mapped[str | None] = mapped_column(String(10))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    deactivated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    mail_choices: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class AccountSession(TenantRow):
    """One signed-in browser. The cookie holds a random token; this row has only its SHA-256
    (hex)."""

    __tablename__ = "account_sessions"
    __table_args__ = tenant_table(
        tenant_key("account_id", "accounts"),
        UniqueConstraint("token_hash"),
        Index("ix_account_sessions_tenant_id_account_id", "tenant_id", "account_id", "seen_at"),
    )

    account_id: Mapped[UUID]
    token_hash: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    user_agent: Mapped[str] = mapped_column(String(300), server_default="")
    ip: Mapped[str] = mapped_column(String(45), server_default="")


class Superadmin(TotpColumns, Changing, Identified):
    """A person who runs the platform. Only the platform role can read this table."""

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
    """One signed-in browser of a superadmin; same rules as AccountSession.

    `support_access_id` is this browser's open support access to `support_tenant_id`, if any.
    """

    __tablename__ = "superadmin_sessions"
    __table_args__ = (UniqueConstraint("token_hash"),)

    superadmin_id: Mapped[UUID] = mapped_column(ForeignKey("superadmins.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    user_agent: Mapped[str] = mapped_column(String(300), server_default="")
    ip: Mapped[str] = mapped_column(String(45), server_default="")
    support_access_id: Mapped[UUID | None]
    support_tenant_id: Mapped[UUID | None]
