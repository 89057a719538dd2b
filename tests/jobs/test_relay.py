"""The relay feeds what was lost, what was abandoned, and gives up what was tried too often."""

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
from app.platform.support import end_left_over
from app.tenancy import call_definer, tenant_scope
from tests.scenarios import a_report


def waits(bench) -> bool:
    return queue.is_waiting(bench.kind.queue, "photo_check", bench.work_id)


def test_a_wake_up_lost_on_its_way_is_made_up_for(app, bench, monkeypatch):
    def away(*work):
        raise RedisError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(queue, "enqueue", away)
        queue.wake(bench.kind.queue, "photo_check", bench.work_id)
        db.session.commit()
    assert not waits(bench)
    bench.age("queued_at", 5)
    assert feed(app) >= 1
    assert waits(bench)


def test_the_newest_rows_belong_to_their_own_wake_up(app, bench):
    feed(app)
    assert not waits(bench)


def test_what_waits_already_is_not_fed_twice(app, bench):
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


def test_work_in_progress_is_left_alone_until_its_lease_runs_out(app, bench, cast):
    bench.age("queued_at", 60)
    assert claim_work(bench.kind, bench.work_id, cast.acme)
    feed(app)
    assert not waits(bench)
    bench.expire_lease()
    feed(app)
    assert waits(bench)


def test_what_was_tried_too_often_fails_with_words(app, bench, cast):
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
        queue.enqueue(bench.kind.queue, "photo_check", uuid4())
    bench.age("queued_at", 60)
    feed(app)
    assert not waits(bench)
    queue._queue(bench.kind.queue).empty()
    feed(app)
    assert waits(bench)


def test_one_company_cannot_starve_another(bench, cast):
    """With room for two, a row of each tenant is fed before the flood's second."""
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


def test_chores_are_done_each_by_itself(app, monkeypatch):
    done = []

    def breaks():
        done.append("broken")
        raise RuntimeError("not today")

    monkeypatch.setitem(app.extensions, "laudo_chores", [breaks, lambda: done.append("second")])
    with app.app_context():
        relay.do_chores()
    assert done == ["broken", "second"]


def test_looks_are_among_the_chores(app):
    with app.app_context():
        assert end_left_over in list_chores()
