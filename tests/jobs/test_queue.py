"""Wake-ups come only after the commit; an outage of Redis barely slows a save."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from redis.exceptions import RedisError
from sqlalchemy import text

from app.extensions import db
from app.jobs import queue


@pytest.fixture
def woken(monkeypatch):
    seen = []
    monkeypatch.setattr(queue, "enqueue", lambda *work: seen.append(work))
    return seen


def begin():
    db.session.execute(text("select 1"))


def test_a_wake_up_comes_after_the_commit(bench, woken):
    begin()
    queue.wake(bench.kind, bench.work_id)
    assert woken == []
    db.session.commit()
    assert woken == [(bench.kind, bench.work_id)]
    begin()
    db.session.commit()
    assert len(woken) == 1


def test_a_released_savepoint_wakes_nobody(bench, woken):
    with db.session.begin_nested():
        queue.wake(bench.kind, bench.work_id)
    assert woken == []
    db.session.commit()
    assert len(woken) == 1


@pytest.mark.parametrize("end", ["rollback", "close"])
def test_a_rollback_wakes_nobody(bench, woken, end):
    begin()
    queue.wake(bench.kind, bench.work_id)
    getattr(db.session, end)()
    begin()
    db.session.commit()
    assert woken == []


def test_an_unreachable_redis_fails_no_commit_and_is_not_retried(app, bench, monkeypatch):
    monkeypatch.setitem(app.extensions, "laudo_redis", queue.connect("redis://127.0.0.1:1/0"))
    # However slow the machine is, the pause is not over before the last save.
    monkeypatch.setattr(queue, "LEAVE_ALONE_SECONDS", 600.0)
    enqueue, tried = queue.enqueue, []

    def once(*work):
        tried.append(work)
        return enqueue(*work)

    monkeypatch.setattr(queue, "enqueue", once)
    for _save in range(20):
        begin()
        queue.wake(bench.kind, bench.work_id)
        db.session.commit()
    assert tried == [(bench.kind, bench.work_id)]
    with pytest.raises(RedisError):
        enqueue(bench.kind, bench.work_id)


def test_a_queue_never_grows_beyond_its_room(bench):
    fed = [queue.enqueue(bench.kind, uuid4()) for _row in range(queue.ROOM + 3)]
    assert fed.count(True) == queue.ROOM == queue.count_waiting(bench.kind.queue)


def test_a_job_has_the_time_limit_of_its_kind(bench):
    kind = replace(bench.kind, time_limit=77)
    queue.enqueue(kind, bench.work_id)
    (job,) = queue._queue(kind.queue).get_jobs()
    assert job.timeout == 77


def test_the_payload_is_a_kind_and_ids_in_json(bench):
    queue.enqueue(bench.kind, bench.work_id)
    (job,) = queue._queue(bench.kind.queue).get_jobs()
    assert job.args == ["photo_check", str(bench.work_id)]
    assert job.func_name == "app.jobs.runner.run"
    assert not job.data.startswith(b"\x80")
