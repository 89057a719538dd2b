"""Claims, fences, leases and failures, for every kind of work."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.extensions import db
from app.jobs import runner
from app.jobs.runner import FenceLost, WorkFailed, claim_work, publish, report_progress
from app.models import PhotoCheck, PhotoReading, PhotoVerdict, WorkState
from app.storage import StorageFull, StorageUnavailable


def claim(bench, cast):
    return claim_work(bench.kind, bench.work_id, cast.acme)


def a_reading(bench) -> PhotoReading:
    return PhotoReading(
        photo_id=bench.row().photo_id, verdict=PhotoVerdict.GOOD, parser_version="test"
    )


def count_readings() -> int:
    return db.session.scalar(select(func.count()).select_from(PhotoReading)) or 0


def test_the_second_claim_gets_nothing(bench, cast):
    first = claim(bench, cast)
    assert (first.fence, first.attempt) == (1, 1)
    assert claim(bench, cast) is None
    assert bench.row().state is WorkState.RUNNING


def test_finished_work_is_not_claimed_again(bench, cast):
    runner.run("photo_check", str(bench.work_id))
    assert bench.row().state is WorkState.DONE
    assert bench.row().lease_until is None
    assert claim(bench, cast) is None


def test_after_the_lease_only_the_second_worker_publishes(bench, cast):
    first = claim(bench, cast)
    bench.expire_lease()
    second = claim(bench, cast)
    assert (second.fence, second.attempt) == (2, 2)
    with publish(PhotoCheck, second):
        db.session.add(a_reading(bench))
    with pytest.raises(FenceLost), publish(PhotoCheck, first):
        raise AssertionError("the block of a lost fence never runs")
    assert count_readings() == 1
    assert bench.row().state is WorkState.DONE


def test_a_lost_fence_writes_nothing_even_before_the_second_publishes(bench, cast):
    first = claim(bench, cast)
    bench.expire_lease()
    claim(bench, cast)
    with pytest.raises(FenceLost), publish(PhotoCheck, first):
        db.session.add(a_reading(bench))
    assert count_readings() == 0
    assert bench.row().state is WorkState.RUNNING


def test_results_and_state_commit_together_or_not_at_all(bench, cast):
    held = claim(bench, cast)
    with pytest.raises(ZeroDivisionError), publish(PhotoCheck, held):
        db.session.add(a_reading(bench))
        db.session.flush()
        raise ZeroDivisionError
    assert count_readings() == 0
    assert bench.row().state is WorkState.RUNNING


def test_progress_of_a_lost_fence_stops_the_work(bench, cast):
    first = claim(bench, cast)
    report_progress(PhotoCheck, first)
    bench.expire_lease()
    claim(bench, cast)
    with pytest.raises(FenceLost):
        report_progress(PhotoCheck, first)


def test_a_late_heartbeat_leaves_settled_work_alone(bench, cast):
    held = claim(bench, cast)
    with publish(PhotoCheck, held):
        pass
    with pytest.raises(FenceLost):
        report_progress(PhotoCheck, held)
    assert bench.row().lease_until is None


def test_hopeless_work_fails_at_once_with_its_code(bench):
    def hopeless(claim):
        raise WorkFailed("bytes_missing")

    bench.perform = hopeless
    runner.run("photo_check", str(bench.work_id))
    row = bench.row()
    assert (row.state, row.error, row.attempts) == (WorkState.FAILED, "bytes_missing", 1)


def test_a_poison_job_is_retried_with_growing_pauses_then_fails(app, bench, cast):
    def poison(claim):
        raise ZeroDivisionError

    bench.perform = poison
    cap = app.config["JOB_ATTEMPTS"]
    for attempt in range(1, cap + 1):
        with pytest.raises(ZeroDivisionError):
            runner.run("photo_check", str(bench.work_id))
        assert bench.row().attempts == attempt
        if attempt < cap:
            assert bench.row().state is WorkState.QUEUED
            # An early wake-up does not shorten the pause.
            assert claim(bench, cast) is None
            bench.expire_lease()
    row = bench.row()
    assert (row.state, row.error) == (WorkState.FAILED, "ZeroDivisionError")
    assert claim(bench, cast) is None


@pytest.mark.parametrize("error", [StorageFull, StorageUnavailable])
def test_a_storage_outage_uses_up_no_attempts(app, bench, cast, error):
    def waits(claim):
        raise error

    bench.perform = waits
    for _try in range(app.config["JOB_ATTEMPTS"] + 2):
        runner.run("photo_check", str(bench.work_id))
        row = bench.row()
        assert (row.state, row.error, row.attempts) == (WorkState.QUEUED, error.__name__, 0)
        assert claim(bench, cast) is None
        bench.expire_lease()
    assert claim(bench, cast)


def test_a_job_that_kills_its_workers_finally_fails(app, bench, cast):
    for _death in range(app.config["JOB_ATTEMPTS"]):
        assert claim(bench, cast)
        bench.expire_lease()
    assert claim(bench, cast) is None


def test_the_tenant_comes_from_the_row_never_from_the_queue(app, bench, cast):
    seen = []

    def note(claim):
        seen.append(claim.tenant_id)
        with publish(PhotoCheck, claim):
            pass

    bench.perform = note
    runner.run("photo_check", str(bench.work_id))
    runner.run("photo_check", str(uuid4()))
    assert seen == [cast.acme]
