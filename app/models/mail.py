"""One mail to one person: first a row, which a worker sends. It stores references, no content."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import StateText, one_of, tenant_key
from app.models.work import Work, work_table


class MailKind(StrEnum):
    INVITATION = "invitation"
    RESET = "reset"
    REPORT_ASSIGNED = "report_assigned"
    REPORT_SUBMITTED = "report_submitted"
    REVIEW_WAITING = "review_waiting"
    REPORT_RETURNED = "report_returned"
    PDF_READY = "pdf_ready"
    PLATFORM_ACT = "platform_act"
    WITNESS_LINK = "witness_link"


class Mail(Work):
    """`recipient` is the address at the time of the request; the text is composed on sending."""

    __tablename__ = "mails"
    __table_args__ = work_table(
        "mails",
        tenant_key("account_id", "accounts"),
        tenant_key("invitation_id", "invitations"),
        tenant_key("reset_id", "password_resets"),
        tenant_key("report_id", "reports"),
        tenant_key("document_id", "documents"),
        tenant_key("witness_id", "witnesses"),
        one_of("kind", MailKind),
        Index(
            "ix_mails_tenant_id_invitation_id",
            "tenant_id",
            "invitation_id",
            postgresql_where=text("invitation_id is not null"),
        ),
    )

    kind: Mapped[MailKind] = mapped_column(StateText(MailKind))
    recipient: Mapped[str] = mapped_column(String(254))
    account_id: Mapped[UUID | None]
    invitation_id: Mapped[UUID | None]
    reset_id: Mapped[UUID | None]
    report_id: Mapped[UUID | None]
    document_id: Mapped[UUID | None]
    witness_id: Mapped[UUID | None]
    # An audit entry. No foreign key is needed: entries are deleted only with the whole company.
    entry_id: Mapped[UUID | None]
