"""Reading what addresses and forms say: ids, days, moments. What means nothing says nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

# Dates beyond these cannot be told apart from a slip, and end where a database's do.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
FIRST_YEAR, LAST_YEAR = 2000, 2100


def read_id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def read_day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day and FIRST_DAY <= day <= LAST_DAY else None


def read_moment(text: str | None) -> datetime | None:
    """What a device's clock says, as aware UTC; a time without a zone is no moment."""
    try:
        at = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    # The clock may be wrong, but a year beyond these cannot be written back as a time.
    if at.tzinfo is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
        return None
    return at.astimezone(UTC)


def start_of(day: date | None, zone: str) -> datetime | None:
    """Midnight at which the day begins there."""
    return datetime.combine(day, time(), ZoneInfo(zone)) if day else None


def end_of(day: date | None, zone: str) -> datetime | None:
    """Midnight at which the day is over there."""
    return start_of(day + timedelta(days=1), zone) if day else None
