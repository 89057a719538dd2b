"""What a company's people have made in the background: previews of its brand, exports of all its
data, and of the answers of some reports."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.account import Role
from app.models.base import StateText, TenantRow, one_of, own_key, tenant_key, tenant_table
from app.models.work import Work, WorkState


class BrandPreview(Work, TenantRow):
    """Cover and page of a PDF and a watermarked photo under `settings` that are not saved yet.

    The keys are of pictures. A person's older rows are deleted when a new one is asked for.
    """

    __tablename__ = "brand_previews"
    __table_args__ = tenant_table(
        tenant_key("requested_by", "accounts"),
        one_of("state", WorkState),
        own_key("cover_key", "page_key", "photo_key", kind="preview"),
        Index("ix_brand_previews_due", "state", "lease_until"),
    )

    requested_by: Mapped[UUID]
    settings: Mapped[dict[str, Any]]
    cover_key: Mapped[str | None] = mapped_column(String(200))
    page_key: Mapped[str | None] = mapped_column(String(200))
    photo_key: Mapped[str | None] = mapped_column(String(200))


class Export(Work, TenantRow):
    """Everything that a company has, as one archive; progress counts files."""

    __tablename__ = "exports"
    __table_args__ = tenant_table(
        tenant_key("requested_by", "accounts"),
        one_of("state", WorkState),
        own_key("storage_key", kind="export", sha256="sha256", suffix=".zip"),
        Index("ix_exports_due", "state", "lease_until"),
        Index(
            "uq_exports_one_open",
            "tenant_id",
            unique=True,
            postgresql_where=text("state in ('queued', 'running')"),
        ),
    )

    # None where the platform asked for it before a deletion.
    requested_by: Mapped[UUID | None]
    progress_done: Mapped[int] = mapped_column(server_default=text("0"))
    progress_total: Mapped[int] = mapped_column(server_default=text("0"))
    storage_key: Mapped[str | None] = mapped_column(String(200))
    sha256: Mapped[str | None] = mapped_column(String(64))
    byte_size: Mapped[int | None] = mapped_column(BigInteger)


class AnswerFormat(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"
    JSONL = "jsonl"


class AnswerExport(Work, TenantRow):
    """The answers of the reports that somebody looked for, as one file; progress counts reports.

    `wanted` is what was looked for (app.reports.finding.Wanted) and `filters` the same as an
    address has it; `digest` tells two requests apart that are both being made. `role` is the
    person's when they asked: what they may see is decided by it. `counts` are the rows of the file
    by sheet.
    """

    __tablename__ = "answer_exports"
    __table_args__ = tenant_table(
        tenant_key("requested_by", "accounts"),
        one_of("state", WorkState),
        one_of("role", Role),
        one_of("format", AnswerFormat),
        own_key("storage_key", kind="answers", sha256="sha256"),
        Index("ix_answer_exports_due", "state", "lease_until"),
        Index(
            "uq_answer_exports_one_open",
            "tenant_id",
            "requested_by",
            "digest",
            unique=True,
            postgresql_where=text("state in ('queued', 'running')"),
        ),
    )

    requested_by: Mapped[UUID]
    role: Mapped[Role] = mapped_column(StateText(Role))
    format: Mapped[AnswerFormat] = mapped_column(StateText(AnswerFormat))
    wanted: Mapped[dict[str, Any]]
    filters: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(10))
    time_zone: Mapped[str] = mapped_column(String(64))
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    progress_done: Mapped[int] = mapped_column(server_default=text("0"))
    progress_total: Mapped[int] = mapped_column(server_default=text("0"))
    storage_key: Mapped[str | None] = mapped_column(String(200))
    sha256: Mapped[str | None] = mapped_column(String(64))
    byte_size: Mapped[int | None] = mapped_column(BigInteger)
