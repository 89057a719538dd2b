"""Background work as rows: state, attempts, lease and fence. The queue only wakes it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import DateTime, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Changing, StateText


class WorkState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Work(Changing):
    """Mixin of a row that a worker carries out.

    Claiming raises `fence` by one; only the holder of the newest fence may publish. A lease
    that ran out makes the row due again until `attempts` reaches the setting's cap.
    """

    state: Mapped[WorkState] = mapped_column(
        StateText(WorkState), server_default=WorkState.QUEUED.value
    )
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    fence: Mapped[int] = mapped_column(server_default=text("0"))
    queued_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # When the relay last fed this row to the queue, so that it does not feed it twice a second.
    fed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None]

    @property
    def is_settled(self) -> bool:
        return self.state in (WorkState.DONE, WorkState.FAILED)
