"""The only entry of background work: scope, claim with a fence, run, publish if it still holds."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import func, or_, select, update

from app.extensions import db
from app.jobs.registry import Claim, Kind, get_kind
from app.models import Work, WorkState
from app.tenancy import call_definer, tenant_scope

log = logging.getLogger(__name__)


class FenceLost(RuntimeError):
    """Another worker claimed this work since; what was made here is thrown away."""


class WorkFailed(RuntimeError):
    """This work cannot succeed however often it is tried; `str()` is a code or a sentence."""


def run(kind_name: str, work_id: str) -> None:
    """RQ's entry point; the payload is a kind and an id, nothing else."""
    kind = get_kind(kind_name)
    rows = call_definer("find_work_tenant", p_kind=kind_name, p_id=UUID(work_id))
    if not rows:
        log.warning("%s %s is unknown", kind_name, work_id)
        return
    with tenant_scope(rows[0].tenant_id):
        claim = _claim(kind, UUID(work_id), rows[0].tenant_id)
        if claim is not None:
            _carry_out(kind, claim)


def _carry_out(kind: Kind, claim: Claim) -> None:
    try:
        with _heartbeat(claim, kind.model):
            kind.perform(claim)
    except FenceLost:
        log.warning("%s %s: the fence was lost", claim.kind, claim.id)
    except WorkFailed as error:
        _settle(kind.model, claim, WorkState.FAILED, str(error))
    except Exception as error:
        log.exception("%s %s failed", claim.kind, claim.id)
        _retry(kind.model, claim, type(error).__name__)
        if current_app.testing:
            raise


def _claim(kind: Kind, work_id: UUID, tenant_id: UUID) -> Claim | None:
    model = kind.model
    due = or_(
        model.state == WorkState.QUEUED,
        (model.state == WorkState.RUNNING) & (model.lease_until < func.clock_timestamp()),
    )
    fence = db.session.scalar(
        update(model)
        .where(model.id == work_id, due)  # type: ignore[attr-defined]
        .values(
            state=WorkState.RUNNING,
            fence=model.fence + 1,
            attempts=model.attempts + 1,
            lease_until=func.clock_timestamp() + _lease(),
        )
        .returning(model.fence)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return None if fence is None else Claim(kind.name, work_id, tenant_id, fence)


def holds(model: type[Work], claim: Claim) -> bool:
    """Whether the claim's fence is the newest; locks the row until the transaction ends."""
    row = db.session.execute(
        select(model.fence, model.state)
        .where(model.id == claim.id)  # type: ignore[attr-defined]
        .with_for_update()
    ).one()
    return bool(row.fence == claim.fence and row.state == WorkState.RUNNING)


@contextmanager
def publish(model: type[Work], claim: Claim) -> Iterator[None]:
    """Open the publishing transaction: results written in the block and 'done' commit together.

    Raises FenceLost, with nothing written, when a newer claim exists.
    """
    if not holds(model, claim):
        db.session.rollback()
        raise FenceLost(str(claim))
    yield
    _set_state(model, claim, WorkState.DONE, None)
    db.session.commit()


def report_progress(model: type[Work], claim: Claim, **values: object) -> None:
    """Write progress in a transaction of its own; raises FenceLost when a newer claim exists."""
    db.session.rollback()
    done = db.session.execute(
        update(model)
        .where(model.id == claim.id, model.fence == claim.fence)  # type: ignore[attr-defined]
        .values(**values, lease_until=func.clock_timestamp() + _lease())
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    if not done.rowcount:  # type: ignore[attr-defined]
        raise FenceLost(str(claim))


def _settle(model: type[Work], claim: Claim, state: WorkState, error: str | None) -> None:
    db.session.rollback()
    if holds(model, claim):
        _set_state(model, claim, state, error)
    db.session.commit()


def _retry(model: type[Work], claim: Claim, error: str) -> None:
    db.session.rollback()
    if holds(model, claim):
        attempts = db.session.scalar(select(model.attempts).where(model.id == claim.id))  # type: ignore[attr-defined]
        if attempts >= current_app.config["JOB_ATTEMPTS"]:
            _set_state(model, claim, WorkState.FAILED, error)
        else:
            pause = timedelta(seconds=2**attempts)
            _update(
                model,
                claim,
                state=WorkState.QUEUED,
                lease_until=func.clock_timestamp() + pause,
                fed_at=None,
                error=error,
            )
    db.session.commit()


def _set_state(model: type[Work], claim: Claim, state: WorkState, error: str | None) -> None:
    now = func.clock_timestamp()
    _update(model, claim, state=state, error=error, finished_at=now, lease_until=None)


def _update(model: type[Work], claim: Claim, **values: object) -> None:
    db.session.execute(
        update(model)
        .where(model.id == claim.id)  # type: ignore[attr-defined]
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )


def _lease() -> timedelta:
    return timedelta(seconds=current_app.config["JOB_LEASE_SECONDS"])


@contextmanager
def _heartbeat(claim: Claim, model: type[Work]) -> Iterator[None]:
    """Renew the lease from a thread while the block runs, four times a lease."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    stop = threading.Event()
    interval = _lease().total_seconds() / 4

    def beat() -> None:
        while not stop.wait(interval):
            try:
                with app.app_context(), tenant_scope(claim.tenant_id):
                    report_progress(model, claim)
            except FenceLost:
                return
            except Exception:
                log.exception("heartbeat of %s %s", claim.kind, claim.id)

    thread = threading.Thread(target=beat, daemon=True, name="heartbeat")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)
