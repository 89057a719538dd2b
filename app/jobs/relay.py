"""The relay: feeds every row whose wake-up was lost or whose lease ran out to the queue."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from datetime import timedelta

from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.jobs import alive, daily
from app.jobs.queue import ROOM, count_waiting, enqueue, is_waiting, redis_client
from app.jobs.registry import Kind, list_chores, list_kinds
from app.tenancy import call_definer

log = logging.getLogger(__name__)

# A fed row that nobody claimed within this time is fed again.
PAUSE = timedelta(seconds=15)
CHORE_SECONDS = 30.0


def feed(app: Flask) -> int:
    """Feed what is due once; returns how many wake-ups were made. Raises RedisError."""
    return sum(_feed_kind(kind, app.config["JOB_ATTEMPTS"]) for kind in list_kinds())


def _feed_kind(kind: Kind, attempts: int) -> int:
    rows = call_definer(
        "feed_due_work",
        p_kind=kind.name,
        # With no room left nothing is fed, but what was tried too often is still given up.
        p_limit=max(0, ROOM - count_waiting(kind.queue)),
        p_attempts=attempts,
        p_pause=PAUSE,
    )
    new = [row for row in rows if not is_waiting(kind.queue, kind.name, row.id)]
    return sum(enqueue(kind.queue, kind.name, row.id) for row in new)


def run_forever(app: Flask, stop: threading.Event) -> None:
    """Feed every RELAY_SECONDS until `stop` is set; servers that are away are waited for."""
    name = secrets.token_hex(8)
    daily.start(app, stop)
    chores_at = 0.0
    while not stop.is_set():
        try:
            with app.app_context():
                alive.beat(redis_client(), "relay", name)
                feed(app)
                if time.monotonic() >= chores_at:
                    chores_at = time.monotonic() + CHORE_SECONDS
                    do_chores()
        except (SQLAlchemyError, RedisError) as error:
            log.warning("the relay waits: %s", type(error).__name__)
        stop.wait(app.config["RELAY_SECONDS"])
    _sign_off(app, name)


def do_chores() -> None:
    """Each by itself: what one of them trips over must keep neither the others nor the feeding."""
    for chore in list_chores():
        try:
            chore()
        except SQLAlchemyError as error:
            log.warning("a chore waits: %s", type(error).__name__)
        except Exception:
            log.exception("a chore failed")


def _sign_off(app: Flask, name: str) -> None:
    try:
        with app.app_context():
            alive.sign_off(redis_client(), "relay", name)
    except RedisError:
        log.info("the relay's sign of life runs out by itself")
