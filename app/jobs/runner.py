"""The only entry point of background work: bind the tenant, claim a row, run it, publish.

A claim raises the row's fence. Results are published only while that fence is the newest, so a
worker whose lease expired cannot overwrite the results of its successor.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import func, or_, select, update

from app import logs
from app.extensions import db
from app.jobs.registry import Claim, Kind, get_kind
from app.models import OPEN_STATES, Tenant, Work, WorkState
from app.storage import StorageFull, StorageUnavailable, storage
from app.storage.sweeping import clear_if_erased
from app.tenancy import call_definer, tenant_scope

log = logging.getLogger(__name__)

# The pause before work is retried whose storage is full or whose server is away.
AWAY_PAUSE = timedelta(seconds=20)


class FenceLost(RuntimeError):
    """Another worker has claimed this work since; the results of this one are discarded."""


class ServiceAway(RuntimeError):
    """A server that this work needs is out of reach. The work waits, and no attempt is counted."""


class WorkFailed(RuntimeError):
    """This work cannot succeed, so it is not retried. `str()` is a code or a sentence."""


def run(kind_name: str, work_id: str, _request_id: str = "") -> None:
    """RQ's entry point. The payload is a kind and a row id; wake-ups of the release before had a
    third part.

    Carries out the row, unless it is another company's turn: then one of theirs. The wake-up of
    that row, or the relay, comes back to this one.
    """
    kind, woken = get_kind(kind_name), UUID(work_id)
    # Work of a suspended (read-only) company also runs: it was requested before the suspension,
    # and begun work always finishes.
    for row in _pick(kind, woken):
        with (
            logs.context(job_kind=kind_name, job_id=str(row.id)),
            tenant_scope(row.tenant_id),
        ):
            if claim := claim_work(kind, row.id, row.tenant_id):
                with logs.context(request_id=claim.request_id):
                    _run(kind, claim)
                return


def _pick(kind: Kind, woken: UUID) -> list[Any]:
    """Due rows in the order to try them. The first one is whose turn it is."""
    attempts = current_app.config["JOB_ATTEMPTS"]
    return call_definer("pick_due_work", p_kind=kind.name, p_id=woken, p_attempts=attempts)


def _run(kind: Kind, claim: Claim) -> None:
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
    log.info("%s %s: %s", kind.name, claim.id, outcome, extra={"facts": facts})


def _carry_out(kind: Kind, claim: Claim) -> str:
    """Run the claim; returns the outcome, as a word for the log."""
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
    """Delete what this work stored for a company that was erased meanwhile.

    Must run after the last put: if the company's row still exists then, an erasure comes later
    and lists these files itself. Files of a killed worker are left to the sweep.
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
    """Claim the row; None if it is held, settled or was tried too often."""
    model = kind.model
    row = db.session.execute(
        update(model)
        .where(
            model.id == work_id,
            model.state.in_(OPEN_STATES),
            # Queued: the pause after a failure. Running: the lease of the current holder.
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
        .returning(model.fence, model.attempts, model.request_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    db.session.commit()
    return None if row is None else Claim(kind.name, work_id, tenant_id, *row)


def holds(model: type[Work], claim: Claim) -> bool:
    """Whether the claim's fence is still the newest. Locks the row until the transaction ends.

    False if the row is gone: rows of previews are deleted when newer ones are requested.
    """
    row = db.session.execute(
        select(model.fence, model.state).where(model.id == claim.id).with_for_update(key_share=True)
    ).one_or_none()
    return bool(row and row.fence == claim.fence and row.state == WorkState.RUNNING)


@contextmanager
def publish(model: type[Work], claim: Claim) -> Iterator[None]:
    """Open the publishing transaction: results written in the block commit together with 'done'.

    Raises FenceLost, with nothing written, when a newer claim exists.
    """
    with keep(model, claim):
        yield
        _set_state(model, claim, WorkState.DONE, None)


@contextmanager
def keep(model: type[Work], claim: Claim) -> Iterator[None]:
    """Open a transaction for what stays even if the rest of the work fails.

    Raises FenceLost, with nothing written, when a newer claim exists.
    """
    db.session.rollback()
    try:
        if not holds(model, claim):
            raise FenceLost(str(claim))
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def report_progress(model: type[Work], claim: Claim, **values: object) -> None:
    """Write progress in its own transaction. Raises FenceLost when a newer claim exists."""
    db.session.rollback()
    done = db.session.execute(
        update(model)
        .where(
            model.id == claim.id,
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
    """Put the work back with a pause that doubles each time. The last failure is final."""
    if claim.attempt >= current_app.config["JOB_ATTEMPTS"]:
        return _settle(model, claim, WorkState.FAILED, error)
    return _put_back(model, claim, error, timedelta(seconds=2**claim.attempt), claim.attempt)


def _put_off(model: type[Work], claim: Claim, error: str) -> None:
    """Put the work back without counting the attempt: an outage is not the work's fault."""
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
        .where(model.id == claim.id)
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )


def _lease() -> timedelta:
    return timedelta(seconds=current_app.config["JOB_LEASE_SECONDS"])


@contextmanager
def _heartbeat(claim: Claim, model: type[Work]) -> Iterator[None]:
    """Renew the lease from a thread while the block runs, four times per lease."""
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
