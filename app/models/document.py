"""The frozen snapshot of a completed report and the PDFs produced from reports."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import TenantRow, one_of, own_key, tenant_key, tenant_table
from app.models.report import Report
from app.models.work import Work, WorkState


class Snapshot(TenantRow):
    """Insert-only. `body` is canonical JSON (RFC 8785) as text; `sha256` (hex) is of its UTF-8.

    `audit_sequence` and `audit_hash` are the head of the tenant's chain at completion.
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


class Document(Work, TenantRow):
    """One PDF of one report. `progress_stage` is a code; done of total counts photos or pages.

    Once its state is done, a trigger refuses every change.
    """

    __tablename__ = "documents"
    __table_args__ = tenant_table(
        tenant_key("report_id", "reports"),
        tenant_key("requested_by", "accounts"),
        one_of("state", WorkState),
        own_key("storage_key", kind="pdf", sha256="sha256", suffix=".pdf"),
        Index("ix_documents_due", "state", "lease_until"),
        Index(
            "uq_documents_one_open",
            "tenant_id",
            "report_id",
            unique=True,
            postgresql_where=text("state in ('queued', 'running')"),
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

    report: Mapped[Report] = relationship(viewonly=True)
