"""Waking workers after the commit. The row is the work; a lost wake-up costs seconds, not work."""

from __future__ import annotations

import logging
from uuid import UUID

from flask import Flask, current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.extensions import db

log = logging.getLogger(__name__)

RUNNER = "app.jobs.runner.run"
RENDER_SECONDS = 600
QUEUES = ("photos", "documents")


def connect(url: str) -> Redis:
    """A client that never hangs a request: one second to connect, two to answer."""
    return Redis.from_url(url, socket_connect_timeout=1, socket_timeout=2)


def redis_client() -> Redis:
    client: Redis = current_app.extensions["laudo_redis"]
    return client


def wake(queue: str, kind: str, work_id: UUID) -> None:
    """Enqueue after the session's transaction commits; nothing happens on a rollback."""
    db.session().info.setdefault("laudo_wake", []).append((queue, kind, work_id))


def enqueue(queue: str, kind: str, work_id: UUID) -> bool:
    """Put one wake-up on the queue now. False when Redis is away: the relay feeds it later."""
    try:
        Queue(queue, connection=redis_client(), serializer=JSONSerializer).enqueue(
            RUNNER,
            kind,
            str(work_id),
            job_timeout=RENDER_SECONDS,
            result_ttl=0,
            failure_ttl=3600,
        )
    except RedisError as error:
        log.warning("queue unreachable, the relay will feed %s %s: %s", kind, work_id, error)
        return False
    return True


def _after_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a released savepoint commits nothing yet
    for queue, kind, work_id in session.info.pop("laudo_wake", []):
        enqueue(queue, kind, work_id)


def _after_rollback(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop("laudo_wake", None)


def init_app(app: Flask) -> None:
    app.extensions["laudo_redis"] = connect(app.config["REDIS_URL"])
    if not event.contains(db.session, "after_commit", _after_commit):
        event.listen(db.session, "after_commit", _after_commit)
        event.listen(db.session, "after_rollback", _after_rollback)
