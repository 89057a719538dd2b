"""Requesting background work: once, again, or in place of an older row.

runner.py claims and publishes work. To add a kind of work:

1. a model with `Work` and `work_table`, and a migration with its table and its row in `work_kinds`;
2. one `register_kind(app, Kind(...))` in the feature's jobs.py, listed in app/features.py;
3. a service that calls `ask` or `ask_once`, and the function for workers that `Kind` names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Index, Table, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.extensions import db
from app.jobs.queue import wake
from app.jobs.registry import Retention, kind_of
from app.models import OPEN_STATES, Work, WorkState, asking_request
from app.tenancy import require_tenant

AnyWork = TypeVar("AnyWork", bound=Work)

# The error of a row that a newer row replaced.
SUPERSEDED = "superseded"
# A try fails only if an open row settles between the insert and the select.
TRIES = 3


def ask(row: AnyWork) -> AnyWork:
    """Add the row, and wake a worker after the commit. Does not flush."""
    row.id = row.id or uuid4()
    db.session.add(row)
    wake(kind_of(type(row)), row.id)
    return row


def ask_once(
    model: type[AnyWork],
    values: Mapping[str, Any],
    *,
    gives_way: Callable[[AnyWork], bool] = lambda earlier: False,
) -> tuple[AnyWork, bool]:
    """Return the open row with the same values in the columns of `models.work.one_open`, else a
    new row with `values`; and whether it is new. An open row that gives way is superseded.

    The unique index decides between concurrent requests, so no earlier lock is needed. The open
    row stays locked until the transaction ends, so that no worker publishes it meanwhile.
    """
    for _try in range(TRIES):
        if row := _insert(model, values):
            wake(kind_of(model), row.id)
            return row, True
        earlier = _lock_open(model, values)
        if earlier and not gives_way(earlier):
            return earlier, False
        if earlier:
            supersede(model, model.id == earlier.id)
    raise RuntimeError(f"no row of {model.__tablename__} could be made")


def supersede(model: type[Work], *which: ColumnElement[bool]) -> None:
    """Fail the open rows that match. Raising the fence stops a worker that holds one of them from
    publishing it. Objects in the session are not refreshed."""
    db.session.execute(
        update(model)
        .where(model.state.in_(OPEN_STATES), *which)
        .values(
            state=WorkState.FAILED,
            error=SUPERSEDED,
            fence=model.fence + 1,
            lease_until=None,
            finished_at=func.clock_timestamp(),
        )
        .execution_options(synchronize_session=False)
    )


def requeue(model: type[Work], *which: ColumnElement[bool]) -> bool:
    """Queue the failed row that matches again, with all attempts left; False if there is none.

    Objects in the session are not refreshed.
    """
    work_id = db.session.scalar(
        update(model)
        .where(model.state == WorkState.FAILED, *which)
        .values(
            state=WorkState.QUEUED,
            attempts=0,
            queued_at=func.clock_timestamp(),
            lease_until=None,
            fed_at=None,
            finished_at=None,
            error=None,
            request_id=asking_request(),
        )
        .returning(model.id)
        .execution_options(synchronize_session=False)
    )
    if work_id is None:
        return False
    wake(kind_of(model), work_id)
    return True


def drop_older_files(model: type[Work], newest_id: UUID, *which: ColumnElement[bool]) -> None:
    """Clear the file keys of the other rows that match; the storage sweep then deletes the files.

    Raises ValueError if the kind keeps more than its newest file.
    """
    if kind_of(model).retention is not Retention.NEWEST_FILE:
        raise ValueError(f"{model.__tablename__} keeps all its files")
    storage_key = model.__table__.c.storage_key
    db.session.execute(
        update(model)
        .where(model.id != newest_id, storage_key.is_not(None), *which)
        .values({storage_key: None})
        .execution_options(synchronize_session=False)
    )


def find_open(model: type[AnyWork], *which: ColumnElement[bool]) -> AnyWork | None:
    """The queued or running row; there is at most one."""
    return db.session.scalars(
        select(model).where(model.state.in_(OPEN_STATES), *which)
    ).one_or_none()


def count_open(model: type[Work], *which: ColumnElement[bool]) -> int:
    rows = select(func.count(model.id)).where(model.state.in_(OPEN_STATES), *which)
    return db.session.scalar(rows) or 0


def _insert(model: type[AnyWork], values: Mapping[str, Any]) -> AnyWork | None:
    """Insert a row; None if an open row already exists."""
    index = _index_of(model)
    return db.session.scalars(
        insert(model)
        .values(tenant_id=require_tenant(), **values)
        .on_conflict_do_nothing(
            index_elements=list(index.columns),
            index_where=index.dialect_options["postgresql"]["where"],
        )
        .returning(model)
    ).one_or_none()


def _lock_open(model: type[AnyWork], values: Mapping[str, Any]) -> AnyWork | None:
    same = (
        column == values[column.name]
        for column in _index_of(model).columns
        if column.name != "tenant_id"
    )
    return db.session.scalars(
        select(model)
        .where(model.state.in_(OPEN_STATES), *same)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def _index_of(model: type[Work]) -> Index:
    """The index that `models.work.one_open` made. Raises LookupError if there is none."""
    table = model.__table__
    assert isinstance(table, Table)
    for index in table.indexes:
        if index.info.get("is_one_open"):
            return index
    raise LookupError(f"{table.name} may have many open rows")
