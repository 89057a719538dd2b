"""The only entry of background work: scope, claim with a fence, run, publish if it still holds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import func, or_, select, update

from app import logs
from app.extensions import db
from app.jobs.registry import Claim, Kind, get_kind
from app.models import Tenant, Work, WorkState
from app.storage import StorageFull, StorageUnavailable, storage
from app.storage.sweeping import clear_if_erased
from app.tenancy import call_definer, tenant_scope

log = logging.getLogger(__name__)

# How long work rests that found the storage full, or what else it needs away.
AWAY_PAUSE = timedelta(seconds=20)


class FenceLost(RuntimeError):
    """Another worker claimed this work since; what was made here is thrown away."""


class ServiceAway(RuntimeError):
    """What this work needs of another server is out of reach: it waits, and no try is counted."""


class WorkFailed(RuntimeError):
    """This work cannot succeed however often it is tried; `str()` is a code or a sentence."""


def run(kind_name: str, work_id: str, request_id: str = "") -> None:
    """RQ's entry point; the payload is a kind, an id and, for the log, the request that woke it."""
    caused_by = request_id if logs.REQUEST_ID.fullmatch(request_id) else None
    with logs.telling(job_kind=kind_name, job_id=work_id, request_id=caused_by):
        _run(kind_name, work_id)


def _run(kind_name: str, work_id: str) -> None:
    kind = get_kind(kind_name)
    rows = call_definer("find_work_tenant", p_kind=kind_name, p_id=UUID(work_id))
    if not rows:
        log.warning("%s %s is unknown", kind_name, work_id)
        return
    # A company that can only be read meanwhile is no reason to stop: what was asked for before it
    # was suspended is begun work, and begun work always finishes.
    with tenant_scope(rows[0].tenant_id):
        claim = claim_work(kind, UUID(work_id), rows[0].tenant_id)
        if claim is not None:
            started = time.monotonic()
            try:
                outcome = _carry_out(kind, claim)
            finally:
                _leave_nothing_of_an_erased(claim.tenant_id)
            facts = {
                "attempt": claim.attempt,
                "outcome": outcome,
                "duration_ms": round((time.monotonic() - started) * 1000),
            }
            log.info("%s %s: %s", kind_name, work_id, outcome, extra={"facts": facts})


def _carry_out(kind: Kind, claim: Claim) -> str:
    """Returns how it ended, in words for the log."""
    try:
        with _heartbeat(claim, kind.model):
            kind.perform(claim)
    except FenceLost:
        return "the fence was lost"
    except WorkFailed as error:
        _settle(kind.model, claim, WorkState.FAILED, str(error))
        return f"cannot succeed: {error}"
    except (StorageFull, StorageUnavailable) as error:
        _put_off(kind.model, claim, type(error).__name__)
        return "waits for the storage"
    except ServiceAway as error:
        _put_off(kind.model, claim, type(error).__name__)
        return f"waits for {error}"
    except Exception as error:
        log.exception("%s %s failed", claim.kind, claim.id)
        _retry(kind.model, claim, type(error).__name__)
        if current_app.testing:
            raise
        return "failed"
    return "done"


def _leave_nothing_of_an_erased(tenant_id: UUID) -> None:
    """Delete what this work put for a company that was erased meanwhile.

    Looked for after the last put: a company that still has its row then is erased later, if at
    all, and its files are listed after that. What a killed worker put waits for the sweep.
    """
    db.session.rollback()
    is_there = db.session.scalar(select(Tenant.id).where(Tenant.id == tenant_id))
    db.session.rollback()
    if is_there:
        return
    try:
        clear_if_erased(storage(), tenant_id)
    except StorageUnavailable:
        log.warning("what was put for the erased tenant %s waits for the sweep", tenant_id)


def claim_work(kind: Kind, work_id: UUID, tenant_id: UUID) -> Claim | None:
    """Take the row, or None when somebody holds it, it is settled or was tried too often."""
    model = kind.model
    row = db.session.execute(
        update(model)
        .where(
            model.id == work_id,  # type: ignore[attr-defined]
            model.state.in_((WorkState.QUEUED, WorkState.RUNNING)),
            # Queued: the pause after a failure. Running: the lease of whoever holds it.
            or_(
                model.lease_until < func.clock_timestamp(),
                (model.state == WorkState.QUEUED) & model.lease_until.is_(None),
            ),
            model.attempts < current_app.config["JOB_ATTEMPTS"],
        )
        .values(
            state=WorkState.RUNNING,
            fence=model.fence + 1,
            attempts=model.attempts + 1,
            lease_until=func.clock_timestamp() + _lease(),
        )
        .returning(model.fence, model.attempts)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    db.session.commit()
    return None if row is None else Claim(kind.name, work_id, tenant_id, row.fence, row.attempts)


def holds(model: type[Work], claim: Claim) -> bool:
    """Whether the claim's fence is the newest; locks the row until the transaction ends.

    Not where the row is gone, as a preview's is once two newer ones were asked for.
    """
    row = db.session.execute(
        select(model.fence, model.state)
        .where(model.id == claim.id)  # type: ignore[attr-defined]
        .with_for_update(key_share=True)
    ).one_or_none()
    return bool(row and row.fence == claim.fence and row.state == WorkState.RUNNING)


@contextmanager
def publish(model: type[Work], claim: Claim) -> Iterator[None]:
    """Open the publishing transaction: results written in the block and 'done' commit together.

    Raises FenceLost, with nothing written, when a newer claim exists.
    """
    db.session.rollback()
    try:
        if not holds(model, claim):
            raise FenceLost(str(claim))
        yield
        _set_state(model, claim, WorkState.DONE, None)
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def report_progress(model: type[Work], claim: Claim, **values: object) -> None:
    """Write progress in a transaction of its own; raises FenceLost when a newer claim exists."""
    db.session.rollback()
    done = db.session.execute(
        update(model)
        .where(
            model.id == claim.id,  # type: ignore[attr-defined]
            model.fence == claim.fence,
            model.state == WorkState.RUNNING,
        )
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
    """Put the work back, each time for twice as long; the last failure is final."""
    if claim.attempt >= current_app.config["JOB_ATTEMPTS"]:
        return _settle(model, claim, WorkState.FAILED, error)
    return _put_back(model, claim, error, timedelta(seconds=2**claim.attempt), claim.attempt)


def _put_off(model: type[Work], claim: Claim, error: str) -> None:
    """Put the work back without counting the try: an outage is no fault of the work."""
    _put_back(model, claim, error, AWAY_PAUSE, claim.attempt - 1)


def _put_back(model: type[Work], claim: Claim, error: str, pause: timedelta, attempts: int) -> None:
    db.session.rollback()
    if holds(model, claim):
        _update(
            model,
            claim,
            state=WorkState.QUEUED,
            attempts=attempts,
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
