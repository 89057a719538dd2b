"""Waking after the commit, and only then; Redis out of reach costs a save almost nothing."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
from redis.exceptions import RedisError
from sqlalchemy import text

from app import logs
from app.extensions import db
from app.jobs import queue


@pytest.fixture
def woken(monkeypatch):
    seen = []
    monkeypatch.setattr(queue, "enqueue", lambda *work: seen.append(work))
    return seen


def begin():
    db.session.execute(text("select 1"))


def test_a_wake_up_follows_the_commit(bench, woken):
    begin()
    queue.wake("photos", "photo_check", bench.work_id)
    assert woken == []
    db.session.commit()
    assert woken == [("photos", "photo_check", bench.work_id)]
    begin()
    db.session.commit()
    assert len(woken) == 1


def test_a_released_savepoint_wakes_nobody(bench, woken):
    with db.session.begin_nested():
        queue.wake("photos", "photo_check", bench.work_id)
    assert woken == []
    db.session.commit()
    assert len(woken) == 1


@pytest.mark.parametrize("end", ["rollback", "close"])
def test_what_is_not_committed_wakes_nobody(bench, woken, end):
    begin()
    queue.wake("photos", "photo_check", bench.work_id)
    getattr(db.session, end)()
    begin()
    db.session.commit()
    assert woken == []


def test_an_unreachable_redis_fails_no_commit_and_is_left_alone(app, bench, monkeypatch):
    monkeypatch.setitem(app.extensions, "laudo_redis", queue.connect("redis://127.0.0.1:1/0"))
    started = time.monotonic()
    for _save in range(20):
        begin()
        queue.wake("photos", "photo_check", bench.work_id)
        db.session.commit()
    assert time.monotonic() - started < 1.5
    with pytest.raises(RedisError):
        queue.enqueue("photos", "photo_check", bench.work_id)


def test_a_queue_never_grows_beyond_its_room(bench):
    name = bench.kind.queue
    fed = [queue.enqueue(name, "photo_check", uuid4()) for _row in range(queue.ROOM + 3)]
    assert fed.count(True) == queue.ROOM == queue.count_waiting(name)


def test_the_payload_is_a_kind_and_ids_in_json(bench):
    with logs.telling(request_id="a-request-id"):
        queue.enqueue(bench.kind.queue, "photo_check", bench.work_id)
    (job,) = queue._queue(bench.kind.queue).get_jobs()
    assert job.args == ["photo_check", str(bench.work_id), "a-request-id"]
    assert job.func_name == "app.jobs.runner.run"
    assert not job.data.startswith(b"\x80")
