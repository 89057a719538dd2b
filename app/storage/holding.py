"""Reading the hold on the sweep.

A restore sets it and an operator releases it, both as the owner of the tables
(app/commands/holding.py), so the role that sweeps cannot release it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.models import SweepHold
from app.tenancy import platform_scope


@dataclass(frozen=True, slots=True)
class Hold:
    """When it was set, and the count and size of the objects that no restored row named then."""

    since: datetime
    objects: int
    byte_size: int


def find_hold() -> Hold | None:
    """The oldest hold that has not been released."""
    with platform_scope() as session:
        held = session.scalars(
            select(SweepHold)
            .where(SweepHold.released_at.is_(None))
            .order_by(SweepHold.created_at)
            .limit(1)
        ).one_or_none()
        return Hold(held.created_at, held.objects, held.byte_size) if held else None
