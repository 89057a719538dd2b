"""The frozen snapshot of a completed report and the PDFs produced from reports."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.layouts import Layout
from app.models.base import (
    Audited,
    StateText,
    TenantRow,
    one_of,
    own_key,
    tenant_key,
    tenant_table,
)
from app.models.report import Report
from app.models.work import Work, one_open, work_table


class Snapshot(TenantRow):
    """Insert-only. `body` is canonical JSON (RFC 8785) as text; `sha256` (hex) is of its UTF-8.

    `audit_sequence` and `audit_hash` are the head of the tenant's audit chain at completion.
    """

    __tablename__ = "snapshots"
    __table_args__ = tenant_table(
        tenant_key("report_id", "reports"), UniqueConstraint("tenant_id", "report_id")
    )

    report_id: Mapped[UUID]
    body: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    audit_sequence: Mapped[int] = mapped_column(BigInteger)
    audit_hash: Mapped[str] = mapped_column(String(64))


class Document(Work, Audited):
    """One PDF of one report. `progress_stage` is a code; progress counts photos or pages.

    `layout` is that of the finished file. `sealed_at` and `seal_fingerprint` (SHA-256 of the
    certificate, hex) are those of its seal, which every final PDF has but those of older releases;
    `sha256` is that of the sealed file. Once its state is 'done', a trigger rejects every change.
    """

    __tablename__ = "documents"
    audit_type = "document"
    __table_args__ = work_table(
        "documents",
        tenant_key("report_id", "reports"),
        tenant_key("requested_by", "accounts"),
        own_key("storage_key", kind="pdf", sha256="sha256", suffix=".pdf"),
        one_open("documents", "report_id"),
        one_of("layout", Layout),
        ForeignKeyConstraint(
            ["tenant_id", "seal_fingerprint"],
            ["seal_certificates.tenant_id", "seal_certificates.fingerprint"],
        ),
        CheckConstraint(
            "num_nonnulls(sealed_at, seal_fingerprint) in (0, 2)"
            " and (sealed_at is null or (sha256 is not null and not is_preview))",
            name="sealed",
        ),
    )

    report_id: Mapped[UUID]
    requested_by: Mapped[UUID]
    is_preview: Mapped[bool]
    progress_stage: Mapped[str | None] = mapped_column(String(20))
    progress_done: Mapped[int] = mapped_column(server_default=text("0"))
    progress_total: Mapped[int] = mapped_column(server_default=text("0"))
    storage_key: Mapped[str | None] = mapped_column(String(200))
    sha256: Mapped[str | None] = mapped_column(String(64))
    byte_size: Mapped[int | None] = mapped_column(BigInteger)
    pages: Mapped[int | None]
    photos_printed: Mapped[int | None]
    photos_quarantined: Mapped[int | None]
    render_seconds: Mapped[float | None]
    sealed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    seal_fingerprint: Mapped[str | None] = mapped_column(String(64))
    layout: Mapped[Layout] = mapped_column(StateText(Layout), server_default=Layout.CLASSIC.value)

    report: Mapped[Report] = relationship(viewonly=True)
