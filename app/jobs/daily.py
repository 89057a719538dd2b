"""What the relay does once a day: sweep the storage, and run the acts that features register, such
as the check of the evidence.

Runs in a thread, because listing a large storage takes minutes and must not delay the rounds.
"""

from __future__ import annotations

import logging
import threading

from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db
from app.jobs.queue import redis_client
from app.jobs.registry import list_daily
from app.storage import StorageUnavailable, whole_storage
from app.storage.sweeping import sweep

log = logging.getLogger(__name__)

TURN = "laudo:sweep"
DAY_SECONDS = 24 * 3600
# Relays that restart often must not sweep each time, and several relays share one daily turn.
ASK_SECONDS = 600.0


def start(app: Flask, stop: threading.Event) -> None:
    """Sweep daily in a daemon thread until `stop` is set."""
    threading.Thread(target=_run, args=(app, stop), daemon=True, name="sweep").start()


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


def _run(app: Flask, stop: threading.Event) -> None:
    while not stop.wait(ASK_SECONDS):
        try:
            sweep_if_due(app, stop)
        except RedisError as error:
            log.warning("the sweep waits: %s", type(error).__name__)
        except Exception:
            # An exception must not end the thread: the sweeps would stop unnoticed.
            log.exception("the sweep failed")
