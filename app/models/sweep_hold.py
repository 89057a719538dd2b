"""A hold on the sweep of the storage."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Identified


class SweepHold(Identified):
    """Nothing is swept until it is released. A restore sets it on finding `objects` objects, of
    `byte_size` bytes in all, that no restored row names. Only the owner's role writes it."""

    __tablename__ = "sweep_holds"

    objects: Mapped[int] = mapped_column(BigInteger)
    byte_size: Mapped[int] = mapped_column(BigInteger)
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    released_by: Mapped[str | None] = mapped_column(String(200))
