"""The state of a suspended company."""

from __future__ import annotations

from datetime import UTC, datetime

from app.models import (
    TenantStatus,
)

REASON = "The invoice of March is not paid."


SINCE = datetime(2026, 3, 9, 12, tzinfo=UTC)


SUSPENDED = {
    "status": TenantStatus.SUSPENDED,
    "suspended_at": SINCE,
    "suspended_reason": REASON,
}
