"""Evidence bundles: everything with which a report can be checked without a server."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.account import Role
from app.models.base import Audited, StateText, one_of, own_key, tenant_key
from app.models.work import Work, one_open, work_table


class Bundle(Work, Audited):
    """The finished reports of one number, or of one project; progress counts files.

    `role` is the person's role at the time of the request and decides what they may see.
    """

    __tablename__ = "bundles"
    audit_type = "bundle"
    __table_args__ = work_table(
        "bundles",
        tenant_key("requested_by", "accounts"),
        tenant_key("report_id", "reports"),
        tenant_key("project_id", "projects"),
        one_of("role", Role),
        CheckConstraint("num_nonnulls(report_id, project_id) = 1", name="one_subject"),
        own_key("storage_key", kind="bundle", sha256="sha256", suffix=".zip"),
        one_open("bundles", "requested_by", "subject_id"),
        Index("ix_bundles_subject", "tenant_id", "subject_id", "created_at"),
    )

    requested_by: Mapped[UUID]
    role: Mapped[Role] = mapped_column(StateText(Role))
    report_id: Mapped[UUID | None]
    project_id: Mapped[UUID | None]
    subject_id: Mapped[UUID] = mapped_column(
        Computed("coalesce(report_id, project_id)", persisted=True), nullable=True
    )
    progress_done: Mapped[int] = mapped_column(server_default=text("0"))
    progress_total: Mapped[int] = mapped_column(server_default=text("0"))
    storage_key: Mapped[str | None] = mapped_column(String(200))
    sha256: Mapped[str | None] = mapped_column(String(64))
    byte_size: Mapped[int | None] = mapped_column(BigInteger)
