"""Waking workers after the commit. The row is the work; a lost wake-up costs seconds, not work.

A wake-up is thrown away freely: when Redis is out of reach, and when the queue is long already,
since the relay feeds what waits with the tenants in turn.
"""

from __future__ import annotations

import logging
import secrets
import time
from uuid import UUID

from flask import Flask, current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from app import logs
from app.extensions import db

log = logging.getLogger(__name__)

RUNNER = "app.jobs.runner.run"
RENDER_SECONDS = 600
# A queue whose work may take longer: an export copies all that a company has.
LONGER = {"exports": 6 * 3600}
QUEUES = ("photos", "documents", "mails", "previews", "exports")


# More wake-ups than this never stand in a queue, so that one tenant's flood holds nobody up.
ROOM = 20
# After a failure Redis is left alone for so long: a blip must not slow down every save.
LEAVE_ALONE_SECONDS = 5.0


def connect(url: str) -> Redis:
    """A client that never hangs a request: one second to connect, two to answer, no repeats."""
    return Redis.from_url(
        url, socket_connect_timeout=1, socket_timeout=2, retry=Retry(NoBackoff(), 0)
    )


def redis_client() -> Redis:
    client: Redis = current_app.extensions["laudo_redis"]
    return client


def wake(queue: str, kind: str, work_id: UUID) -> None:
    """Enqueue after the session's transaction commits; nothing happens on a rollback."""
    db.session().info.setdefault("laudo_wake", []).append((queue, kind, work_id))


def enqueue(queue: str, kind: str, work_id: UUID) -> bool:
    """Put one wake-up on the queue now. Raises RedisError; False when the queue is long."""
    waiting = _queue(queue)
    if waiting.count >= ROOM:
        return False
    waiting.enqueue(
        RUNNER,
        kind,
        str(work_id),
        # Whose request it was, for the log; the relay does not know.
        str(logs.known("request_id") or ""),
        # The id tells the relay what waits; the rest keeps a re-fed row apart from a running one.
        job_id=f"{_name(kind, work_id)}-{secrets.token_hex(4)}",
        job_timeout=LONGER.get(queue, RENDER_SECONDS),
        result_ttl=0,
        failure_ttl=3600,
    )
    return True


def is_waiting(queue: str, kind: str, work_id: UUID) -> bool:
    """Whether a wake-up of this row stands in the queue. Raises RedisError."""
    name = _name(kind, work_id)
    return any(one.rpartition("-")[0] == name for one in _queue(queue).get_job_ids())


def count_waiting(queue: str) -> int:
    """How many wake-ups stand in the queue. Raises RedisError."""
    return int(_queue(queue).count)


def _queue(name: str) -> Queue:
    return Queue(name, connection=redis_client(), serializer=JSONSerializer)


def _name(kind: str, work_id: UUID) -> str:
    return f"{kind}-{work_id}"


def _after_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a released savepoint commits nothing yet
    for queue, kind, work_id in session.info.pop("laudo_wake", []):
        _try_to_enqueue(queue, kind, work_id)


def _try_to_enqueue(queue: str, kind: str, work_id: UUID) -> None:
    """The commit has happened: nothing that goes wrong here may reach the caller."""
    until: float = current_app.extensions.get("laudo_redis_away_until", 0.0)
    if time.monotonic() < until:
        return
    try:
        enqueue(queue, kind, work_id)
    except RedisError as error:
        away = time.monotonic() + LEAVE_ALONE_SECONDS
        current_app.extensions["laudo_redis_away_until"] = away
        log.warning("queue unreachable, the relay will feed %s %s: %s", kind, work_id, error)


def _after_transaction_end(session: Session, transaction: SessionTransaction) -> None:
    """Forget what was not committed, be it rolled back or closed."""
    if transaction.parent is None:
        session.info.pop("laudo_wake", None)


def init_app(app: Flask) -> None:
    app.extensions["laudo_redis"] = connect(app.config["REDIS_URL"])
    if not event.contains(db.session, "after_commit", _after_commit):
        event.listen(db.session, "after_commit", _after_commit)
        event.listen(db.session, "after_transaction_end", _after_transaction_end)
