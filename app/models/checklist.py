"""The checklist that admins design and its immutable published versions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.definition.schema import Definition
from app.models.base import Changing, StateText, TenantRow, one_of, tenant_key, tenant_table

MAX_KEPT_DEFINITIONS = 200
_published: dict[UUID, Definition] = {}


class ChecklistStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class Checklist(Changing, TenantRow):
    """The master. `last_report_number` is the counter from which reports take their numbers."""

    __tablename__ = "checklists"
    __table_args__ = tenant_table(
        UniqueConstraint("tenant_id", "code"), one_of("status", ChecklistStatus)
    )

    code: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(500))
    category: Mapped[str] = mapped_column(String(500), server_default="")
    status: Mapped[ChecklistStatus] = mapped_column(
        StateText(ChecklistStatus), server_default=ChecklistStatus.DRAFT.value
    )
    last_report_number: Mapped[int] = mapped_column(server_default=text("0"))

    versions: Mapped[list[Version]] = relationship(
        back_populates="checklist", order_by="Version.number"
    )


class Version(TenantRow):
    """One definition. `published_at` empty = the only draft; a published row never changes.

    `number` is 1, 2, ... and is given to the draft already; `notices` are what the workbook
    reader remarked: objects with sheet, cell, msgid and params.
    """

    __tablename__ = "versions"
    __table_args__ = tenant_table(
        tenant_key("checklist_id", "checklists"),
        tenant_key("published_by", "accounts"),
        UniqueConstraint("tenant_id", "checklist_id", "number"),
        CheckConstraint("number >= 1", name="number_positive"),
        Index(
            "uq_versions_one_draft",
            "tenant_id",
            "checklist_id",
            unique=True,
            postgresql_where=text("published_at is null"),
        ),
    )

    checklist_id: Mapped[UUID]
    number: Mapped[int]
    body: Mapped[dict[str, Any]]
    notices: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    published_by: Mapped[UUID | None]

    checklist: Mapped[Checklist] = relationship(back_populates="versions")

    @cached_property
    def definition(self) -> Definition:
        """The body, validated. Cached: a draft's body is replaced by a new row, never edited.

        A published one is kept for the whole process by the version's id, as every autosave
        needs it and its body can never change.
        """
        if self.is_draft:
            return Definition.model_validate(self.body)
        if self.id not in _published:
            if len(_published) >= MAX_KEPT_DEFINITIONS:
                _published.clear()
            _published[self.id] = Definition.model_validate(self.body)
        return _published[self.id]

    @property
    def is_draft(self) -> bool:
        return self.published_at is None
