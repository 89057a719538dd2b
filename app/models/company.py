"""Files made in the background for a company: brand previews, exports of all its data, and exports
of the answers of selected reports."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.account import Role
from app.models.base import Audited, StateText, one_of, own_key, tenant_key
from app.models.work import Work, one_open, work_table


class BrandPreview(Work):
    """Cover and page of a PDF and a watermarked photo, with `settings` that are not saved yet.

    The keys name pictures. A new request deletes the person's older rows.
    """

    __tablename__ = "brand_previews"
    __table_args__ = work_table(
        "brand_previews",
        tenant_key("requested_by", "accounts"),
        own_key("cover_key", "page_key", "photo_key", kind="preview"),
    )

    requested_by: Mapped[UUID]
    settings: Mapped[dict[str, Any]]
    cover_key: Mapped[str | None] = mapped_column(String(200))
    page_key: Mapped[str | None] = mapped_column(String(200))
    photo_key: Mapped[str | None] = mapped_column(String(200))


class Export(Work, Audited):
    """All data of a company as one archive; progress counts files."""

    __tablename__ = "exports"
    audit_type = "export"
    __table_args__ = work_table(
        "exports",
        tenant_key("requested_by", "accounts"),
        own_key("storage_key", kind="export", sha256="sha256", suffix=".zip"),
        one_open("exports"),
    )

    # None if the platform requested it before a deletion.
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


class AnswerExport(Work, Audited):
    """The answers of the reports that match a filter, as one file; progress counts reports.

    `wanted` is the filter (app.reports.listing.filters) and `filters` the same as a URL query;
    `digest` identifies a request among open ones. `role` is the person's role at the time of the
    request and decides what they may see. `counts` are the rows of the file by sheet.
    """

    __tablename__ = "answer_exports"
    audit_type = "answer_export"
    __table_args__ = work_table(
        "answer_exports",
        tenant_key("requested_by", "accounts"),
        one_of("role", Role),
        one_of("format", AnswerFormat),
        own_key("storage_key", kind="answers", sha256="sha256"),
        one_open("answer_exports", "requested_by", "digest"),
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
