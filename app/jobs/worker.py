"""The worker process: an RQ parent that loads and warms everything, then forks a child a job.

Fork-per-job gives memory back after each render; warming the parent once makes the fork cheap.
"""

from __future__ import annotations

import gc
import logging

from flask import Flask
from redis import Redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from app.extensions import db
from app.jobs.queue import QUEUES
from app.pdf.engine import warm_up

log = logging.getLogger(__name__)


def work(app: Flask, *, burst: bool = False) -> None:
    """Serve the queues until a signal (or, with `burst`, until they are empty)."""
    # No socket timeout here: a worker blocks on its queues for as long as they are empty.
    connection = Redis.from_url(app.config["REDIS_URL"], socket_connect_timeout=5)
    with app.app_context():
        warm_up()
        # A child must not share a connection with its parent or a sibling.
        db.engine.dispose()
        gc.collect()
        gc.freeze()
        worker = Worker(
            [Queue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=20,
            maintenance_interval=5,
            job_monitoring_interval=5,
        )
        # RQ logs every round of its upkeep; what work does is logged by the runner.
        worker.work(burst=burst, logging_level="WARNING")
