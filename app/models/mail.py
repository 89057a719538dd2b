"""One mail to one person: a row first, sent by the worker. It names what it is about, no more."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import StateText, TenantRow, one_of, tenant_key, tenant_table
from app.models.work import Work, WorkState


class MailKind(StrEnum):
    INVITATION = "invitation"
    RESET = "reset"
    REPORT_ASSIGNED = "report_assigned"
    REPORT_SUBMITTED = "report_submitted"
    PDF_READY = "pdf_ready"
    PLATFORM_ACT = "platform_act"


class Mail(Work, TenantRow):
    """`recipient` is the address at the time of asking; the words are made when it is sent."""

    __tablename__ = "mails"
    __table_args__ = tenant_table(
        tenant_key("account_id", "accounts"),
        tenant_key("invitation_id", "invitations"),
        tenant_key("reset_id", "password_resets"),
        tenant_key("report_id", "reports"),
        tenant_key("document_id", "documents"),
        one_of("state", WorkState),
        one_of("kind", MailKind),
        Index("ix_mails_due", "state", "lease_until"),
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
    # Of the audit, whose entries never go before the company does: no foreign key needs to hold it.
    entry_id: Mapped[UUID | None]
