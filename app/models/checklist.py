"""The checklist that admins design and its immutable published versions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    DateTime,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    case,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.definition.schema import Definition, Language
from app.definition.unfinished import present
from app.layouts import Layout
from app.models.base import (
    Audited,
    Changing,
    StateText,
    TenantRow,
    one_of,
    tenant_key,
    tenant_table,
)

MAX_KEPT_DEFINITIONS = 200
MAX_NOTE = 1_000
_published: dict[UUID, Definition] = {}


class ChecklistStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class Checklist(Changing, TenantRow, Audited):
    """The checklist itself. `last_report_number` is the counter for the numbers of reports.

    `layout` is that of its PDFs, None for the company's.
    """

    __tablename__ = "checklists"
    audit_type = "checklist"
    __table_args__ = tenant_table(
        UniqueConstraint("tenant_id", "code"),
        one_of("status", ChecklistStatus),
        one_of("layout", Layout),
    )

    code: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(500))
    category: Mapped[str] = mapped_column(String(500), server_default="")
    status: Mapped[ChecklistStatus] = mapped_column(
        StateText(ChecklistStatus), server_default=ChecklistStatus.DRAFT.value
    )
    last_report_number: Mapped[int] = mapped_column(server_default=text("0"))
    layout: Mapped[Layout | None] = mapped_column(StateText(Layout))
    # Who reviews its reports, step by step (app.models.review.Review.steps); empty for nobody.
    review_steps: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))

    versions: Mapped[list[Version]] = relationship(
        back_populates="checklist", order_by="Version.number"
    )


class Version(TenantRow):
    """One definition. The row without `published_at` is the only draft; a published row is final.

    The body of a draft need not validate (app/definition/unfinished.py); a published one does.

    `number` is 1, 2, ..., also for the draft. `notices` are the remarks of the workbook reader:
    objects with sheet, cell, msgid and params. `note` is what its publisher says about it, empty
    for a draft.
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
    note: Mapped[str] = mapped_column(String(MAX_NOTE), server_default=text("''"))

    checklist: Mapped[Checklist] = relationship(back_populates="versions")

    @cached_property
    def definition(self) -> Definition:
        """The validated body; of a draft, what it shows so far. Cached: `rewrite` ends that.

        A published one is cached in the process by version id, because every autosave needs it
        and it can never change.
        """
        if self.is_draft:
            return present(self.body)
        if self.id not in _published:
            if len(_published) >= MAX_KEPT_DEFINITIONS:
                _published.clear()
            _published[self.id] = Definition.model_validate(self.body)
        return _published[self.id]

    def rewrite(self, body: dict[str, Any]) -> None:
        """Give a draft another body."""
        self.body = body
        self.__dict__.pop("definition", None)

    @property
    def is_draft(self) -> bool:
        return self.published_at is None


class EditState(StrEnum):
    """Whether an edit can be undone (done), redone (undone), or neither: what was undone before
    another edit (dropped), and the undoing and redoing itself (fixed)."""

    DONE = "done"
    UNDONE = "undone"
    DROPPED = "dropped"
    FIXED = "fixed"


class DraftEdit(TenantRow):
    """One change of a draft, in order: who, what, and what it takes to undo it.

    `number` counts the edits of the draft from 1; the draft's row version is the highest. `editor`
    is the form that sent it: a form never conflicts with itself. `changes` and `targets` are those
    of app/checklists/building/operations.py. The edits go with their draft.
    """

    __tablename__ = "draft_edits"
    __table_args__ = tenant_table(
        ForeignKeyConstraint(
            ["tenant_id", "version_id"],
            ["versions.tenant_id", "versions.id"],
            ondelete="CASCADE",
        ),
        tenant_key("account_id", "accounts"),
        UniqueConstraint("tenant_id", "version_id", "number"),
        CheckConstraint("number >= 1", name="number_positive"),
        one_of("state", EditState),
    )

    version_id: Mapped[UUID]
    number: Mapped[int]
    account_id: Mapped[UUID]
    editor: Mapped[str] = mapped_column(String(40))
    state: Mapped[EditState] = mapped_column(StateText(EditState))
    changes: Mapped[list[Any]]
    targets: Mapped[list[Any]]


def checklist_name(language: Language) -> ColumnElement[str]:
    """A checklist's name in a language, for a statement that has Checklist: from the newest
    published version, else from the draft. Where that has no such title, its only name."""
    title = Version.body["header"]["title"][language.value].astext
    named = (
        select(case((Version.body["languages"].has_key(language.value), title)))
        .where(Version.checklist_id == Checklist.id)
        .order_by(Version.published_at.is_(None), Version.number.desc())
        .limit(1)
        .correlate(Checklist)
        .scalar_subquery()
    )
    return func.coalesce(named, Checklist.name)
