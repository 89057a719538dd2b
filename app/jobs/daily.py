"""What the relay does once a day: sweep the storage, and run the acts that features register, such
as the check of the evidence. And what features register for once an hour.

Each runs in a thread of its own, because listing a large storage takes minutes and must not delay
the rounds.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.errors import DomainError
from app.extensions import db
from app.jobs.queue import redis_client
from app.jobs.registry import list_daily, list_hourly
from app.storage import StorageUnavailable, whole_storage
from app.storage.sweeping import sweep

log = logging.getLogger(__name__)

TURN = "laudo:sweep"
DAY_SECONDS = 24 * 3600
# Relays that restart often must not sweep each time, and several relays share one daily turn.
ASK_SECONDS = 600.0
HOURLY_TURN = "laudo:hourly"
HOUR_SECONDS = 3600
# Also the pause after a failure.
ASK_HOURLY_SECONDS = 60.0


def start(app: Flask, stop: threading.Event) -> None:
    """Do both in daemon threads until `stop` is set."""
    for run, pause in ((sweep_if_due, ASK_SECONDS), (act_hourly_if_due, ASK_HOURLY_SECONDS)):
        arguments = (app, stop, run, pause)
        threading.Thread(target=_run, args=arguments, daemon=True, name=run.__name__).start()


def sweep_if_due(app: Flask, stop: threading.Event) -> bool:
    """Sweep unless a relay has done so within a day. A failed sweep releases the turn.

    Raises RedisError.
    """
    with app.app_context():
        if not redis_client().set(TURN, "1", nx=True, ex=DAY_SECONDS):
            return False
        try:
            sweep(whole_storage(), must_stop=stop.is_set)
            for act in list_daily():
                for _done in act(stop.is_set):
                    db.session.commit()
        except (StorageUnavailable, SQLAlchemyError) as error:
            log.warning("the sweep waits: %s", type(error).__name__)
            redis_client().delete(TURN)
            return False
        return True


def act_hourly_if_due(app: Flask, stop: threading.Event) -> bool:
    """Run the hourly acts unless a relay has done so within an hour. A failure releases the turn.

    Raises RedisError.
    """
    with app.app_context():
        if not redis_client().set(HOURLY_TURN, "1", nx=True, ex=HOUR_SECONDS):
            return False
        try:
            for act in list_hourly():
                for _done in act(stop.is_set):
                    db.session.commit()
        except (DomainError, SQLAlchemyError) as error:
            log.warning("an hourly act waits: %s", error)
            redis_client().delete(HOURLY_TURN)
            return False
        return True


def _run(
    app: Flask,
    stop: threading.Event,
    run: Callable[[Flask, threading.Event], bool],
    pause: float,
) -> None:
    while not stop.wait(pause):
        try:
            run(app, stop)
        except RedisError as error:
            log.warning("%s waits: %s", run.__name__, type(error).__name__)
        except Exception:
            # An exception must not end the thread: the runs would stop unnoticed.
            log.exception("%s failed", run.__name__)
