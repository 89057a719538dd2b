"""Background work as rows: state, attempts, lease and fence. The queue only wakes it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app import logs
from app.extensions import Base
from app.models.base import Changing, StateText, TenantRow, one_of, tenant_table


class WorkState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


OPEN_STATES = (WorkState.QUEUED, WorkState.RUNNING)


def asking_request() -> str | None:
    """The id of the current request, if there is one and it is fit for the log."""
    request_id = str(logs.known("request_id") or "")
    return request_id if logs.REQUEST_ID.fullmatch(request_id) else None


class Work(Changing, TenantRow):
    """A row that a worker carries out.

    A claim raises `fence` by one; only the holder of the newest fence may publish. When a lease
    expires, the row is due again, until `attempts` reaches the configured limit.
    """

    __abstract__ = True

    state: Mapped[WorkState] = mapped_column(
        StateText(WorkState), server_default=WorkState.QUEUED.value
    )
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    fence: Mapped[int] = mapped_column(server_default=text("0"))
    queued_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # When the relay last queued this row, so that it does not queue it on every round.
    fed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None]
    # The request that asked for it, for the log. A wake-up could not say: the worker that it wakes
    # may carry out another row.
    request_id: Mapped[str | None] = mapped_column(String(64), default=asking_request)

    @property
    def is_settled(self) -> bool:
        return self.state not in OPEN_STATES


class WorkKind(Base):
    """Names the table that has the rows of one kind of work.

    Only migrations write this table, and only database functions, which serve the work of all
    tenants, read it. The registry (app/jobs/registry.py) has the same kinds.
    """

    __tablename__ = "work_kinds"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    table_name: Mapped[str] = mapped_column(String(63), unique=True)


def work_table(name: str, *constraints: Any) -> tuple[Any, ...]:
    """Table arguments of a work table: the CHECK of its states, and the indexes of due rows and of
    when each company was last served."""
    due = Index(f"ix_{name}_due", "state", "lease_until")
    served = Index(
        f"ix_{name}_served",
        "tenant_id",
        "finished_at",
        postgresql_where=text("finished_at is not null"),
    )
    return tenant_table(one_of("state", WorkState), due, served, *constraints)


def one_open(name: str, *columns: str) -> Index:
    """The unique index that allows a tenant one open row per value of the columns.
    `jobs.work.ask_once` relies on it."""
    return Index(
        f"uq_{name}_one_open",
        "tenant_id",
        *columns,
        unique=True,
        postgresql_where=text("state in ('queued', 'running')"),
        info={"is_one_open": True},
    )
