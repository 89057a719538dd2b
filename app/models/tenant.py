"""A company on the platform, with branding and settings. Not TenantOwned: its id is the tenant."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Audited, Changing, StateText, one_of, own_key


class TenantStatus(StrEnum):
    TRIAL = "trial"
    ACTIVE = "active"
    SUSPENDED = "suspended"


class Tenant(Changing, Audited):
    """Colours are '#rrggbb'; logo keys are storage keys; JSON settings have only overrides.

    `limits` overrides the plan: it maps a limit's name to a number, or to null for no limit.
    """

    __tablename__ = "tenants"
    audit_type = "tenant"
    __table_args__ = (
        one_of("status", TenantStatus),
        own_key("logo_key", "second_logo_key", kind="logo", of="id"),
    )

    name: Mapped[str] = mapped_column(String(200))
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    status: Mapped[TenantStatus] = mapped_column(
        StateText(TenantStatus), server_default=TenantStatus.ACTIVE.value
    )
    plan: Mapped[str] = mapped_column(String(40), server_default="standard")
    trial_ends_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    suspended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    suspended_reason: Mapped[str | None] = mapped_column(String(500))
    # Set only while suspended. From this time on, an operator may erase the company.
    deletion_due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deletion_reason: Mapped[str | None] = mapped_column(String(500))
    admins_need_two_factor: Mapped[bool] = mapped_column(server_default=text("false"))
    # Whether technicians may correct their own completed reports; managers and admins always may.
    technicians_correct: Mapped[bool] = mapped_column(server_default=text("true"))
    # Whether reviewers may approve a report that they filled in themselves.
    may_approve_own: Mapped[bool] = mapped_column(server_default=text("false"))
    onboarding: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    locale: Mapped[str] = mapped_column(String(10), server_default="en")
    time_zone: Mapped[str] = mapped_column(String(64), server_default="UTC")
    colour_accent: Mapped[str] = mapped_column(String(7), server_default="#1f5fa8")
    colour_second: Mapped[str] = mapped_column(String(7), server_default="#33475b")
    colour_third: Mapped[str] = mapped_column(String(7), server_default="#8a99a8")
    # Address, telephone and so on (app/contact.py), and a free note shown below them.
    contact_parts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    contact: Mapped[str] = mapped_column(String(500), server_default="")
    logo_key: Mapped[str | None] = mapped_column(String(200))
    second_logo_key: Mapped[str | None] = mapped_column(String(200))
    limits: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    watermark: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    pdf: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))

    @property
    def is_trial_over(self) -> bool:
        ends = self.trial_ends_at
        return self.status is TenantStatus.TRIAL and ends is not None and ends <= datetime.now(UTC)

    @property
    def is_read_only(self) -> bool:
        return self.status is TenantStatus.SUSPENDED or self.is_trial_over
