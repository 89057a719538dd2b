"""Waking workers after a commit. The row is the work: a lost wake-up only delays it by seconds.

A wake-up may be dropped: when Redis is out of reach, or when the queue is already long. The relay
queues waiting rows later, taking turns between tenants.
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

from app.extensions import db
from app.jobs.registry import Kind

log = logging.getLogger(__name__)

RUNNER = "app.jobs.runner.run"
# A queue never holds more wake-ups than this, so that one tenant's flood delays nobody else.
ROOM = 20
# After a failure, Redis is not tried for this long, so that an outage does not slow every save.
LEAVE_ALONE_SECONDS = 5.0


def connect(url: str) -> Redis:
    """A client that never blocks a request: 1 s to connect, 2 s to answer, no retries."""
    return Redis.from_url(
        url, socket_connect_timeout=1, socket_timeout=2, retry=Retry(NoBackoff(), 0)
    )


def redis_client() -> Redis:
    client: Redis = current_app.extensions["laudo_redis"]
    return client


def wake(kind: Kind, work_id: UUID) -> None:
    """Enqueue after the session's transaction commits. A rollback drops the wake-up."""
    db.session().info.setdefault("laudo_wake", []).append((kind, work_id))


def enqueue(kind: Kind, work_id: UUID) -> bool:
    """Put one wake-up on the queue now; False if the queue is too long. Raises RedisError."""
    waiting = _queue(kind.queue)
    if waiting.count >= ROOM:
        return False
    waiting.enqueue(
        RUNNER,
        kind.name,
        str(work_id),
        # The name shows the relay that the row waits; the suffix keeps a repeat apart from a
        # running job.
        job_id=f"{_name(kind, work_id)}-{secrets.token_hex(4)}",
        job_timeout=kind.time_limit,
        result_ttl=0,
        failure_ttl=3600,
    )
    return True


def is_waiting(kind: Kind, work_id: UUID) -> bool:
    """Whether the queue has a wake-up of this row. Raises RedisError."""
    name = _name(kind, work_id)
    return any(one.rpartition("-")[0] == name for one in _queue(kind.queue).get_job_ids())


def count_waiting(queue: str) -> int:
    """The number of wake-ups in the queue. Raises RedisError."""
    return int(_queue(queue).count)


def _queue(name: str) -> Queue:
    return Queue(name, connection=redis_client(), serializer=JSONSerializer)


def _name(kind: Kind, work_id: UUID) -> str:
    return f"{kind.name}-{work_id}"


def _after_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a released savepoint commits nothing yet
    for kind, work_id in session.info.pop("laudo_wake", []):
        _try_to_enqueue(kind, work_id)


def _try_to_enqueue(kind: Kind, work_id: UUID) -> None:
    """Swallow every failure: the commit has happened, so the caller must not see one."""
    until: float = current_app.extensions.get("laudo_redis_away_until", 0.0)
    if time.monotonic() < until:
        return
    try:
        enqueue(kind, work_id)
    except RedisError as error:
        until = time.monotonic() + LEAVE_ALONE_SECONDS
        current_app.extensions["laudo_redis_away_until"] = until
        log.warning("queue unreachable, the relay will feed %s %s: %s", kind.name, work_id, error)


def _after_transaction_end(session: Session, transaction: SessionTransaction) -> None:
    """Forget wake-ups that were not committed (rolled back or closed)."""
    if transaction.parent is None:
        session.info.pop("laudo_wake", None)


def init_app(app: Flask) -> None:
    app.extensions["laudo_redis"] = connect(app.config["REDIS_URL"])
    if not event.contains(db.session, "after_commit", _after_commit):
        event.listen(db.session, "after_commit", _after_commit)
        event.listen(db.session, "after_transaction_end", _after_transaction_end)
