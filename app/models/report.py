"""One filling of a version for a project. Each revision is its own row."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
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
from app.models.base import Changing, StateText, TenantRow, one_of, tenant_key, tenant_table
from app.models.checklist import Version
from app.models.project import Equipment, Project


class ReportStatus(StrEnum):
    DRAFT = "draft"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    COMPLETED = "completed"
    ARCHIVED = "archived"


OPEN_STATUSES = (ReportStatus.DRAFT, ReportStatus.IN_PROGRESS)
FINISHED_STATUSES = (ReportStatus.COMPLETED, ReportStatus.ARCHIVED)


class Report(Changing, TenantRow):
    """`number` is shared by the revisions R0, R1, ...; a discarded report is hidden, not deleted.

    Once completed, a trigger lets nothing change but completed -> archived.
    """

    __tablename__ = "reports"
    __table_args__ = tenant_table(
        tenant_key("project_id", "projects"),
        tenant_key("version_id", "versions"),
        tenant_key("equipment_id", "equipment"),
        tenant_key("started_by", "accounts"),
        tenant_key("assignee_id", "accounts"),
        tenant_key("completed_by", "accounts"),
        tenant_key("revision_of", "reports"),
        UniqueConstraint("tenant_id", "number", "revision"),
        one_of("status", ReportStatus),
        one_of("outcome", Outcome),
        CheckConstraint("revision >= 0", name="revision_not_negative"),
        Index(
            "ix_reports_tenant_id_listed",
            "tenant_id",
            text("updated_at desc"),
            "id",
            postgresql_where=text("discarded_at is null"),
        ),
        Index(
            "ix_reports_tenant_id_titled",
            "tenant_id",
            text("lower(title)"),
            "id",
            postgresql_where=text("discarded_at is null"),
        ),
        Index("ix_reports_tenant_id_project_id", "tenant_id", "project_id"),
        Index("ix_reports_tenant_id_assignee_id", "tenant_id", "assignee_id"),
        Index("ix_reports_tenant_id_created_at", "tenant_id", "created_at"),
        Index(
            "ix_reports_tenant_id_due_on",
            "tenant_id",
            "due_on",
            postgresql_where=text("due_on is not null and discarded_at is null"),
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
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    revision_of: Mapped[UUID | None]
    revision_reason: Mapped[str | None] = mapped_column(String(1000))
    title: Mapped[str] = mapped_column(String(200))
    # Number and title without accents and capitals.
    search_words: Mapped[str] = mapped_column(
        Text, Computed("fold_words(number || ' ' || title)", persisted=True), deferred=True
    )
    status: Mapped[ReportStatus] = mapped_column(
        StateText(ReportStatus), server_default=ReportStatus.DRAFT.value
    )
    outcome: Mapped[Outcome | None] = mapped_column(StateText(Outcome))
    started_by: Mapped[UUID]
    assignee_id: Mapped[UUID]
    # Made with the row so that a double-posted "new report" form finds the first one.
    client_id: Mapped[UUID | None]
    # The day (by the company's clock) until which it should be submitted.
    due_on: Mapped[date | None]
    # What the company's limit was when the report was started; None is without limit.
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
        """Number and revision, as people name a report: 'COM-001-0007-R0'."""
        return f"{self.number}-R{self.revision}"

    @property
    def is_open(self) -> bool:
        """Whether answers, photos and signatures may still change."""
        return self.status in OPEN_STATUSES and self.discarded_at is None

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED_STATUSES
