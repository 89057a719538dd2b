"""Reading what an address asks for: ids and days. What means nothing asks for nothing."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

# Dates beyond these cannot be told apart from a slip, and end where a database's do.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


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


def start_of(day: date | None, zone: str) -> datetime | None:
    """Midnight at which the day begins there."""
    return datetime.combine(day, time(), ZoneInfo(zone)) if day else None


def end_of(day: date | None, zone: str) -> datetime | None:
    """Midnight at which the day is over there."""
    return start_of(day + timedelta(days=1), zone) if day else None
