"""The relay queues lost and abandoned rows, and fails rows that were tried too often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from redis.exceptions import RedisError

from app.extensions import db
from app.jobs import queue, relay
from app.jobs.registry import list_chores
from app.jobs.relay import feed
from app.jobs.runner import claim_work
from app.models import Actor, Document, WorkState
from app.platform.jobs import end_overdue_support
from app.tenancy import call_definer, tenant_scope
from tests.support.scenarios import a_report


def waits(bench) -> bool:
    return queue.is_waiting(bench.kind, bench.work_id)


def test_a_lost_wake_up_is_repeated(app, bench, monkeypatch):
    def fail(*work):
        raise RedisError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(queue, "enqueue", fail)
        queue.wake(bench.kind, bench.work_id)
        db.session.commit()
    assert not waits(bench)
    bench.age("queued_at", 5)
    assert feed(app) >= 1
    assert waits(bench)


def test_new_rows_are_left_to_their_own_wake_up(app, bench):
    feed(app)
    assert not waits(bench)


def test_a_queued_row_is_not_queued_twice(app, bench):
    bench.age("queued_at", 5)
    feed(app)
    bench.change(fed_at=None)
    feed(app)
    assert queue.count_waiting(bench.kind.queue) == 1


def test_a_flushed_queue_is_filled_again_after_the_pause(app, bench):
    bench.age("queued_at", 60)
    feed(app)
    queue._queue(bench.kind.queue).empty()
    feed(app)
    assert not waits(bench)
    bench.age("fed_at", 20)
    feed(app)
    assert waits(bench)


def test_running_work_is_left_alone_until_its_lease_expires(app, bench, cast):
    bench.age("queued_at", 60)
    assert claim_work(bench.kind, bench.work_id, cast.acme)
    feed(app)
    assert not waits(bench)
    bench.expire_lease()
    feed(app)
    assert waits(bench)


def test_work_that_was_tried_too_often_fails_with_a_message(app, bench, cast):
    bench.age("queued_at", 60)
    bench.change(state=WorkState.RUNNING, attempts=app.config["JOB_ATTEMPTS"])
    bench.expire_lease()
    feed(app)
    assert not waits(bench)
    row = bench.row()
    assert (row.state, row.error, row.lease_until) == (WorkState.FAILED, "gave_up", None)
    assert row.finished_at


def test_a_full_queue_takes_no_more_until_it_drains(app, bench):
    for _row in range(queue.ROOM):
        queue.enqueue(bench.kind, uuid4())
    bench.age("queued_at", 60)
    feed(app)
    assert not waits(bench)
    queue._queue(bench.kind.queue).empty()
    feed(app)
    assert waits(bench)


def test_one_company_cannot_starve_another(bench, cast):
    """With room for two, a row of each tenant is queued before the flooding tenant's second."""
    for person, reports in ((cast.ana, 5), (cast.otto, 1)):
        with tenant_scope(person.tenant_id):
            for _report in range(reports):
                an_old_document(Actor(person.name, person.role, person.id))
    rows = call_definer(
        "feed_due_work", p_kind="document", p_limit=2, p_attempts=5, p_pause="15 seconds"
    )
    assert {row.tenant_id for row in rows} == {cast.acme, cast.other}


def an_old_document(actor: Actor) -> None:
    report = a_report(actor)
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    db.session.add(
        Document(
            report_id=report.id,
            requested_by=actor.account_id,
            is_preview=True,
            queued_at=hour_ago,
        )
    )
    db.session.commit()


def test_a_failing_chore_does_not_stop_the_others(app, monkeypatch):
    done = []

    def breaks():
        done.append("broken")
        raise RuntimeError("not today")

    monkeypatch.setitem(app.extensions, "laudo_chores", [breaks, lambda: done.append("second")])
    with app.app_context():
        relay.do_chores()
    assert done == ["broken", "second"]


def test_ending_support_accesses_is_a_chore(app):
    with app.app_context():
        assert end_overdue_support in list_chores()
