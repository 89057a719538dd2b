"""Second factors beside the password: passkeys and recovery codes.

The secret of authenticator codes is in the account's own row (`totp_secret`, encrypted).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Identified, TenantRow, tenant_key, tenant_table


class PasskeyColumns:
    """Mixin: `credential_id` and `public_key` are base64url; `transports` is from the browser."""

    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[str] = mapped_column(String(2000))
    sign_count: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    name: Mapped[str] = mapped_column(String(80))
    transports: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class RecoveryCodeColumns:
    """Mixin: only the SHA-256 (hex) of a code is stored."""

    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Passkey(PasskeyColumns, TenantRow):
    __tablename__ = "passkeys"
    __table_args__ = tenant_table(tenant_key("account_id", "accounts"))

    account_id: Mapped[UUID]


class RecoveryCode(RecoveryCodeColumns, TenantRow):
    __tablename__ = "recovery_codes"
    __table_args__ = tenant_table(
        tenant_key("account_id", "accounts"),
        UniqueConstraint("tenant_id", "account_id", "code_hash"),
    )

    account_id: Mapped[UUID]


class SuperadminPasskey(PasskeyColumns, Identified):
    __tablename__ = "superadmin_passkeys"

    superadmin_id: Mapped[UUID] = mapped_column(ForeignKey("superadmins.id"))


class SuperadminRecoveryCode(RecoveryCodeColumns, Identified):
    __tablename__ = "superadmin_recovery_codes"
    __table_args__ = (UniqueConstraint("superadmin_id", "code_hash"),)

    superadmin_id: Mapped[UUID] = mapped_column(ForeignKey("superadmins.id"))
