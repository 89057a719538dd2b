"""The worker process: an RQ parent that loads and warms everything, then forks a child a job.

Fork-per-job gives memory back after each render; warming the parent once makes the fork cheap.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import signal
from importlib import import_module

from flask import Flask
from redis import Redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer
from rq.worker import DequeueStrategy

from app.extensions import db
from app.jobs.queue import QUEUES
from app.pdf.engine import warm_up

log = logging.getLogger(__name__)


# What a child would otherwise import for itself: the libraries that draw pictures and documents.
WARM = ("app.imaging.derivatives", "app.imaging.child")
PR_SET_PDEATHSIG = 1


class ForkingWorker(Worker):  # type: ignore[misc]
    """A worker whose child ends with it: the lease then runs out and another one takes over."""

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def work(app: Flask, *, burst: bool = False) -> None:
    """Serve the queues until a signal (or, with `burst`, until they are empty)."""
    # No socket timeout here: a worker blocks on its queues for as long as they are empty.
    connection = Redis.from_url(app.config["REDIS_URL"], socket_connect_timeout=5)
    with app.app_context():
        warm_up()
        for name in WARM:
            import_module(name)
        # A child must not share a connection with its parent or a sibling.
        db.engine.dispose()
        gc.collect()
        gc.freeze()
        worker = ForkingWorker(
            [Queue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=20,
            maintenance_interval=5,
            job_monitoring_interval=5,
        )
        # RQ logs every round of its upkeep; what work does is logged by the runner.
        worker.work(
            burst=burst,
            logging_level="WARNING",
            # In turn: photos and documents hold each other up for one job at most.
            dequeue_strategy=DequeueStrategy.ROUND_ROBIN,
        )
