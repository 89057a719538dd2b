"""Photos that a phone is sending in parts, until they are placed in a report."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Changing,
    StateText,
    TenantRow,
    one_of,
    own_key,
    tenant_key,
    tenant_table,
)


class UploadState(StrEnum):
    OPEN = "open"
    COMPLETE = "complete"
    PLACED = "placed"


class PhotoUpload(Changing, TenantRow):
    """A photo that one account sends for one report.

    `sha256` (hex) and `byte_size` are what the phone announced, `received` counts the bytes that
    arrived. When all have arrived and the hash is right, `storage_key` names the original and
    `media_type` says what its first bytes claim to be.
    """

    __tablename__ = "photo_uploads"
    __table_args__ = tenant_table(
        tenant_key("account_id", "accounts"),
        tenant_key("report_id", "reports"),
        UniqueConstraint("tenant_id", "client_id"),
        one_of("state", UploadState),
        own_key("storage_key", kind="orig", sha256="sha256"),
        CheckConstraint("byte_size > 0 and received between 0 and byte_size", name="within_size"),
        CheckConstraint(
            "(state = 'open') = (storage_key is null) and (state = 'open') = (media_type is null)"
            " and (state = 'open' or received = byte_size)",
            name="whole_if_complete",
        ),
        Index(
            "ix_photo_uploads_waiting",
            "tenant_id",
            "account_id",
            postgresql_include=["received"],
            postgresql_where=text("state <> 'placed'"),
        ),
    )

    client_id: Mapped[UUID]
    account_id: Mapped[UUID]
    report_id: Mapped[UUID]
    sha256: Mapped[str] = mapped_column(String(64))
    byte_size: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    state: Mapped[UploadState] = mapped_column(
        StateText(UploadState), server_default=UploadState.OPEN.value
    )
    media_type: Mapped[str | None] = mapped_column(String(40))
    storage_key: Mapped[str | None] = mapped_column(String(200))


class PhotoPart(TenantRow):
    """Some bytes of an open upload, from `first_byte` on. Together they have no gaps."""

    __tablename__ = "photo_parts"
    __table_args__ = tenant_table(
        tenant_key("upload_id", "photo_uploads"),
        UniqueConstraint("tenant_id", "upload_id", "first_byte"),
        own_key("storage_key", kind="parts"),
    )

    upload_id: Mapped[UUID]
    first_byte: Mapped[int] = mapped_column(BigInteger)
    byte_size: Mapped[int] = mapped_column(BigInteger)
    storage_key: Mapped[str] = mapped_column(String(200))
