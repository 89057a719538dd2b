"""Links into an account: an invitation to create it, a reset of its password.

A link contains the row's id and a signature; the row decides whether the link is still valid.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.account import Role, TenantRole
from app.models.base import (
    Audited,
    Changing,
    StateText,
    TenantRow,
    one_of,
    tenant_key,
    tenant_table,
)

VALID_FOR = timedelta(days=7)


class Invitation(Changing, TenantRow, Audited):
    """Open until accepted, revoked or expired. Sending it again raises `generation`, which voids
    earlier links. `project_ids` (texts) are the projects that a viewer will be granted."""

    __tablename__ = "invitations"
    audit_type = "invitation"
    __table_args__ = tenant_table(
        tenant_key("invited_by", "accounts"),
        tenant_key("account_id", "accounts"),
        tenant_key("approved_by", "accounts"),
        one_of("role", TenantRole),
        Index(
            "uq_invitations_one_open",
            "tenant_id",
            "email",
            unique=True,
            postgresql_where=text("accepted_at is null and revoked_at is null"),
        ),
    )

    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120), server_default="")
    role: Mapped[Role] = mapped_column(StateText(Role))
    locale: Mapped[str | None] = mapped_column(String(10))
    project_ids: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    # None if the platform sent it.
    invited_by: Mapped[UUID | None]
    invited_by_name: Mapped[str] = mapped_column(String(120))
    generation: Mapped[int] = mapped_column(server_default=text("1"))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    account_id: Mapped[UUID | None]
    # The company's admin who approved the platform's invitation of another admin.
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def is_closed(self) -> bool:
        return self.accepted_at is not None or self.revoked_at is not None

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= datetime.now(UTC)

    def renew(self) -> None:
        """Make its link valid for seven days from now."""
        self.expires_at = datetime.now(UTC) + VALID_FOR

    @property
    def is_of_platform(self) -> bool:
        return self.invited_by is None

    @property
    def is_unapproved(self) -> bool:
        """Whether it would create an admin at the platform's request alone. While the company has
        an
        active admin, it needs an approval; a database trigger enforces the same."""
        return self.is_of_platform and self.role is Role.ADMIN and self.approved_by is None


class PasswordReset(TenantRow):
    """Requested from `ip`. Valid once, until `expires_at`."""

    __tablename__ = "password_resets"
    __table_args__ = tenant_table(tenant_key("account_id", "accounts"))

    account_id: Mapped[UUID]
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ip: Mapped[str] = mapped_column(String(45), server_default="")
