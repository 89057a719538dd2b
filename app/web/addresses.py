"""Parses ids, days and times from addresses and forms. Invalid values become None."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

# Days outside this range are probably typing errors.
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
    """A device's clock time as aware UTC; None for a time without a zone."""
    try:
        at = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    # The clock may be wrong, but years outside this range cannot be formatted again.
    if at.tzinfo is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
        return None
    return at.astimezone(UTC)


def start_of(day: date | None, zone: str) -> datetime | None:
    """The midnight at which the day begins in the zone."""
    return datetime.combine(day, time(), ZoneInfo(zone)) if day else None


def end_of(day: date | None, zone: str) -> datetime | None:
    """The midnight at which the day ends in the zone."""
    return start_of(day + timedelta(days=1), zone) if day else None
