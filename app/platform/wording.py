"""Words and figures of the platform's pages: plans and gigabytes."""

from __future__ import annotations

from flask_babel import format_decimal
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
