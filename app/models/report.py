"""One report: a version of a checklist, filled in for a project. Each revision is its own row."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    DateTime,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.definition.outcome import Outcome
from app.models.account import Account
from app.models.base import (
    Audited,
    Changing,
    StateText,
    TenantRow,
    one_of,
    tenant_key,
    tenant_table,
)
from app.models.checklist import Version
from app.models.project import Equipment, Project


class ReportStatus(StrEnum):
    DRAFT = "draft"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    COMPLETED = "completed"
    ARCHIVED = "archived"


OPEN_STATUSES = (ReportStatus.DRAFT, ReportStatus.IN_PROGRESS, ReportStatus.RETURNED)
FINISHED_STATUSES = (ReportStatus.COMPLETED, ReportStatus.ARCHIVED)


# 128 bits in hex, made by the database.
NEW_CHECK_ADDRESS = (
    "substr(encode(sha256(convert_to("
    "gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'hex'), 1, 32)"
)


class Report(Changing, TenantRow, Audited):
    """Revisions R0, R1, ... share `number`. A discarded report is hidden, not deleted.

    `revision_of` is the completed report that this one corrects, `revision_reason` why. The older
    one is superseded as soon as this one is completed (app/reports/revisions.py); nothing stores
    that.

    Once it is completed, a trigger allows no change except completed -> archived.
    """

    __tablename__ = "reports"
    audit_type = "report"
    __table_args__ = tenant_table(
        tenant_key("project_id", "projects"),
        tenant_key("version_id", "versions"),
        tenant_key("equipment_id", "equipment"),
        tenant_key("started_by", "accounts"),
        tenant_key("assignee_id", "accounts"),
        tenant_key("completed_by", "accounts"),
        tenant_key("revision_of", "reports"),
        UniqueConstraint("tenant_id", "number", "revision"),
        # Over all companies: the address on a PDF names no company.
        UniqueConstraint("check_token"),
        one_of("status", ReportStatus),
        one_of("outcome", Outcome),
        CheckConstraint("revision >= 0", name="revision_not_negative"),
        CheckConstraint(
            "(revision = 0) = (revision_of is null) and (revision = 0) = (revision_reason is null)",
            name="revision_names_older",
        ),
        # One open revision of a number, and one valid successor of a completed report.
        Index(
            "uq_reports_tenant_id_number_open",
            "tenant_id",
            "number",
            unique=True,
            postgresql_where=text("discarded_at is null and completed_at is null"),
        ),
        Index(
            "uq_reports_tenant_id_revision_of_completed",
            "tenant_id",
            "revision_of",
            unique=True,
            postgresql_where=text("revision_of is not null and completed_at is not null"),
        ),
        Index(
            "ix_reports_tenant_id_listed",
            "tenant_id",
            text("updated_at desc"),
            "id",
            postgresql_where=text("discarded_at is null"),
        ),
        # Includes the title, because PostgreSQL does not take it from the expression: so that a
        # page deep in the list reads no rows before its own.
        Index(
            "ix_reports_tenant_id_by_title",
            "tenant_id",
            text("lower(title)"),
            "id",
            postgresql_include=["title"],
            postgresql_where=text("discarded_at is null"),
        ),
        Index(
            "ix_reports_tenant_id_by_number",
            "tenant_id",
            "number",
            "revision",
            "id",
            postgresql_where=text("discarded_at is null"),
        ),
        Index(
            "ix_reports_tenant_id_by_project",
            "tenant_id",
            "project_id",
            "updated_at",
            "id",
            postgresql_where=text("discarded_at is null"),
        ),
        Index(
            "ix_reports_tenant_id_by_status",
            "tenant_id",
            "status",
            "updated_at",
            "id",
            postgresql_where=text("discarded_at is null"),
        ),
        Index("ix_reports_tenant_id_assignee_id", "tenant_id", "assignee_id"),
        Index("ix_reports_tenant_id_created_at", "tenant_id", "created_at"),
        # The statuses are OPEN_STATUSES. With the project, for the counts of the start page.
        Index(
            "ix_reports_tenant_id_open",
            "tenant_id",
            "due_on",
            "updated_at",
            "id",
            postgresql_include=["project_id"],
            postgresql_where=text(
                "discarded_at is null and status in ('draft', 'in_progress', 'returned')"
            ),
        ),
        Index(
            "ix_reports_tenant_id_completed_at",
            "tenant_id",
            text("completed_at desc"),
            "id",
            postgresql_where=text("completed_at is not null and discarded_at is null"),
        ),
        Index(
            "ix_reports_tenant_id_outcome",
            "tenant_id",
            "outcome",
            text("completed_at desc"),
            postgresql_where=text("outcome is not null and discarded_at is null"),
        ),
    )

    project_id: Mapped[UUID]
    version_id: Mapped[UUID]
    equipment_id: Mapped[UUID | None]
    number: Mapped[str] = mapped_column(String(60))
    # The public address of the report (`/v/<token>`), printed on its PDFs. It never changes.
    check_token: Mapped[str] = mapped_column(String(32), server_default=text(NEW_CHECK_ADDRESS))
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    revision_of: Mapped[UUID | None]
    revision_reason: Mapped[str | None] = mapped_column(String(1000))
    title: Mapped[str] = mapped_column(String(200))
    # Number and title in lower case without accents.
    search_words: Mapped[str] = mapped_column(
        Text, Computed("fold_words(number || ' ' || title)", persisted=True), deferred=True
    )
    status: Mapped[ReportStatus] = mapped_column(
        StateText(ReportStatus), server_default=ReportStatus.DRAFT.value
    )
    outcome: Mapped[Outcome | None] = mapped_column(StateText(Outcome))
    started_by: Mapped[UUID]
    assignee_id: Mapped[UUID]
    # The questions done in each section (filling/kept_progress.py); None if not counted yet.
    progress: Mapped[dict[str, Any] | None]
    # Set on insert, so that a "new report" form that is posted twice finds the first report.
    client_id: Mapped[UUID | None]
    # The due date of its submission, in the company's time zone.
    due_on: Mapped[date | None]
    # The company's limit when the report was started; None means no limit.
    photo_limit: Mapped[int | None]
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    submitted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    completed_by: Mapped[UUID | None]
    archived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    discarded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    project: Mapped[Project] = relationship(foreign_keys="Report.project_id", viewonly=True)
    version: Mapped[Version] = relationship(foreign_keys="Report.version_id", viewonly=True)
    equipment: Mapped[Equipment | None] = relationship(
        foreign_keys="Report.equipment_id", viewonly=True
    )
    starter: Mapped[Account] = relationship(foreign_keys="Report.started_by", viewonly=True)
    assignee: Mapped[Account] = relationship(foreign_keys="Report.assignee_id", viewonly=True)

    @property
    def full_number(self) -> str:
        """Number and revision as shown to people: 'COM-001-0007-R0'."""
        return f"{self.number}-R{self.revision}"

    @property
    def named(self) -> dict[str, str]:
        """The report's names, for audit entries that are read without the report."""
        return {"number": self.number, "revision": str(self.revision)}

    @property
    def is_open(self) -> bool:
        """Whether answers, photos and signatures may still change."""
        return self.status in OPEN_STATUSES and self.discarded_at is None

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED_STATUSES
