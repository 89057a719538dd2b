"""Formatted sizes for the platform's pages."""

from __future__ import annotations

from flask_babel import format_decimal

from app.plans.plans import GIB
from app.web.filters import file_size


def gigabytes(size: int) -> str:
    """Format bytes as "1.2 GB" with the reader's decimal mark, in the unit of the limits.

    Sizes below 0.1 GB use smaller units.
    """
    if 0 < size < GIB / 10:
        return file_size(size)
    return f"{format_decimal(size / GIB, '#,##0.#')} GB"
