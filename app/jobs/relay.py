"""The relay: queues every row whose wake-up was lost or whose lease expired."""

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

# A queued row that nobody claims within this time is queued again.
PAUSE = timedelta(seconds=15)
CHORE_SECONDS = 30.0


def feed(app: Flask) -> int:
    """Queue what is due, once; returns the number of wake-ups. Raises RedisError."""
    return sum(_feed_kind(kind, app.config["JOB_ATTEMPTS"]) for kind in list_kinds())


def _feed_kind(kind: Kind, attempts: int) -> int:
    rows = call_definer(
        "feed_due_work",
        p_kind=kind.name,
        # A full queue takes nothing more, but rows that were tried too often still fail.
        p_limit=max(0, ROOM - count_waiting(kind.queue)),
        p_attempts=attempts,
        p_pause=PAUSE,
    )
    new = [row for row in rows if not is_waiting(kind, row.id)]
    return sum(enqueue(kind, row.id) for row in new)


def run_forever(app: Flask, stop: threading.Event) -> None:
    """Feed every RELAY_SECONDS until `stop` is set. Waits for servers that are down."""
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
    """Run each chore separately: a failure must stop neither the other chores nor the feeding."""
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
