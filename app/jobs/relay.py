"""The relay: feeds every row whose wake-up was lost or whose lease ran out to the queue."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.jobs.queue import enqueue
from app.jobs.registry import get_kind
from app.tenancy import call_definer

log = logging.getLogger(__name__)

BATCH = 50
# A fed row that nobody claimed within this time is fed again.
PAUSE = timedelta(seconds=15)


def feed(app: Flask) -> int:
    """Feed what is due once; returns how many rows."""
    rows = call_definer(
        "feed_due_work",
        p_limit=BATCH,
        p_attempts=app.config["JOB_ATTEMPTS"],
        p_pause=PAUSE,
    )
    for row in rows:
        enqueue(get_kind(row.kind).queue, row.kind, row.id)
    return len(rows)


def run_forever(app: Flask, should_stop: Callable[[], bool]) -> None:
    """Feed every RELAY_SECONDS until told to stop; a database that is away is waited for."""
    while not should_stop():
        try:
            with app.app_context():
                feed(app)
        except SQLAlchemyError as error:
            log.warning("the relay waits for the database: %s", type(error).__name__)
        time.sleep(app.config["RELAY_SECONDS"])
