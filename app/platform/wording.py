"""Words and figures of the platform's pages: plans, gigabytes, the last day of a trial."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import format_date, format_decimal
from flask_babel import gettext as _

from app.company.plans import GIB, Plan
from app.web.filters import file_size


def plan_words() -> dict[Plan, str]:
    return {
        Plan.TRIAL: _("Trial"),
        Plan.SMALL: _("Small"),
        Plan.STANDARD: _("Standard"),
        Plan.LARGE: _("Large"),
    }


def gigabytes(size: int) -> str:
    """Bytes as "1.2 GB", with the reader's decimal mark; limits are told in the same unit. What is
    little beside any limit is told in smaller ones."""
    if 0 < size < GIB / 10:
        return file_size(size)
    return f"{format_decimal(size / GIB, '#,##0.#')} GB"


def last_day(end: datetime, time_zone: str) -> str:
    """The day that is over at `end` by the company's clock."""
    day = (end - timedelta(seconds=1)).astimezone(ZoneInfo(time_zone)).date()
    return str(format_date(day, "d MMM y", rebase=False))
