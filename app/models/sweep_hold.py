"""A hold on the sweep of the storage."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Identified


class SweepHold(Identified):
    """Until it is released nothing is swept. Set by a restore that found `objects` of `byte_size`
    bytes in the storage that no restored row names; written by the owner's role alone."""

    __tablename__ = "sweep_holds"

    objects: Mapped[int] = mapped_column(BigInteger)
    byte_size: Mapped[int] = mapped_column(BigInteger)
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    released_by: Mapped[str | None] = mapped_column(String(200))
