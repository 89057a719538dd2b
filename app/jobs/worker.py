"""The worker process: an RQ parent that loads and warms everything, then forks a child a job.

Fork-per-job gives memory back after each render; warming the parent once makes the fork cheap.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import threading
from importlib import import_module
from types import FrameType
from typing import Any

from flask import Flask
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import DequeueStrategy
from sqlalchemy.orm import configure_mappers

from app.extensions import db
from app.imaging.child import die_with
from app.imaging.lettering import check_layout
from app.jobs import alive
from app.jobs.queue import QUEUES
from app.jobs.registry import list_kinds
from app.pdf.engine import warm_up

log = logging.getLogger(__name__)


# Between two looks for a Redis that is away.
PAUSE_SECONDS = 1.0
# Where web and worker share cores, somebody waits for each save and nobody for each page of a PDF.
NICENESS = 5


class ForkingWorker(Worker):  # type: ignore[misc]
    """A worker whose child ends with it: the lease then runs out and another one takes over."""

    # RQ would let a minute pass before it looks again for a Redis that was away for a minute.
    max_connection_wait_time = 4.0

    def __init__(self, *arguments: Any, stopping: threading.Event, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._stopping = stopping
        self._own_pid = os.getpid()

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        die_with(self._own_pid)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self._stopping.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        super().heartbeat(timeout, pipeline)
        alive.beat(self.connection if pipeline is None else pipeline, "worker", self.name)

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """The child works on while Redis is away: what it makes goes elsewhere."""
        try:
            super().maintain_heartbeats(job, execution)
        except RedisError as error:
            log.warning("working on without Redis: %s", error)

    def register_death(self) -> None:
        alive.sign_off(self.connection, "worker", self.name)
        super().register_death()  # type: ignore[no-untyped-call]


def work(app: Flask, *, burst: bool = False) -> None:
    """Serve the queues until a signal (or, with `burst`, until they are empty).

    A Redis that goes away is waited for: RQ's own loop would end the process.
    """
    os.nice(NICENESS)
    with app.app_context():
        _warm()
        stopping = threading.Event()
        with contextlib.suppress(StopRequested):
            while not stopping.is_set():
                try:
                    _serve(app.config["REDIS_URL"], stopping, burst=burst)
                except RedisError as error:
                    if burst:
                        raise
                    log.warning("the worker waits for Redis: %s", error)
                if burst:
                    break
                stopping.wait(PAUSE_SECONDS)


def _warm() -> None:
    """Load all that the children share, and leave them nothing that must not be shared.

    A child that imports its work and configures the mappers itself pays a tenth more for a photo.
    Raises FontsMissing and LayoutMissing, which say what to install.
    """
    warm_up()
    check_layout()
    for kind in list_kinds():
        if kind.module:
            import_module(kind.module)
    configure_mappers()
    # A child must not share a connection with its parent or a sibling.
    db.engine.dispose()
    gc.collect()
    gc.freeze()


def _serve(redis_url: str, stopping: threading.Event, *, burst: bool) -> None:
    """Until a signal, or until RQ gives up because of Redis; may raise RedisError then."""
    # No socket timeout here: a worker blocks on its queues for as long as they are empty.
    connection = Redis.from_url(redis_url, socket_connect_timeout=5)
    worker = ForkingWorker(
        [Queue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES],
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=20,
        maintenance_interval=5,
        job_monitoring_interval=5,
        stopping=stopping,
    )
    # RQ logs every round of its upkeep; what work does is logged by the runner.
    worker.work(
        burst=burst,
        logging_level="WARNING",
        # In turn: photos and documents hold each other up for one job at most.
        dequeue_strategy=DequeueStrategy.ROUND_ROBIN,
    )
