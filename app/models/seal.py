"""Seals of finished PDFs: certificates, the keys of companies, and time stamps."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Audited, Changing, TenantRow, own_key, tenant_key, tenant_table
from app.models.work import Work, one_open, work_table


class SealCertificate(TenantRow):
    """A certificate with which a PDF of the company was sealed, or can be. Insert-only.

    `fingerprint` is the SHA-256 of the certificate (hex); `pem` has the certificate first, then
    its issuers. It stays after the key was replaced, so that older PDFs can be checked.
    """

    __tablename__ = "seal_certificates"
    __table_args__ = tenant_table(UniqueConstraint("tenant_id", "fingerprint"))

    fingerprint: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str]
    issuer: Mapped[str]
    valid_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    valid_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    pem: Mapped[str]


class SealKey(Changing, TenantRow, Audited):
    """A company's own key; without one, the key of the installation seals its PDFs.

    `wrapped` is encrypted for the sealer process alone (app/sealing/wrapping.py).
    """

    __tablename__ = "seal_keys"
    audit_type = "seal_key"
    __table_args__ = tenant_table(
        ForeignKeyConstraint(
            ["tenant_id", "fingerprint"],
            ["seal_certificates.tenant_id", "seal_certificates.fingerprint"],
        ),
        Index(
            "uq_seal_keys_one_live",
            "tenant_id",
            unique=True,
            postgresql_where=text("retired_at is null"),
        ),
    )

    fingerprint: Mapped[str] = mapped_column(String(64))
    wrapped: Mapped[str]
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class DocumentStamp(Work):
    """The time stamp of a sealed PDF by another authority: an RFC 3161 token over the file's
    SHA-256, stored beside the file. `authority` is the name in its certificate."""

    __tablename__ = "document_stamps"
    __table_args__ = work_table(
        "document_stamps",
        tenant_key("document_id", "documents"),
        UniqueConstraint("tenant_id", "document_id"),
        own_key("storage_key", kind="stamp", sha256="sha256", suffix=".tsr"),
        one_open("document_stamps", "document_id"),
        CheckConstraint(
            "(state <> 'done' or storage_key is not null) and num_nonnulls("
            "storage_key, sha256, byte_size, stamped_at, authority) in (0, 5)",
            name="done_has_token",
        ),
    )

    document_id: Mapped[UUID]
    storage_key: Mapped[str | None] = mapped_column(String(200))
    sha256: Mapped[str | None] = mapped_column(String(64))
    byte_size: Mapped[int | None] = mapped_column(BigInteger)
    stamped_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    authority: Mapped[str | None]
