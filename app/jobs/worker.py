"""The worker process: an RQ parent that imports and warms everything, then forks a child per job.

A child's memory is returned after each render; the warm parent makes the fork cheap. Work that
forks a limited child itself (`Kind.is_forked`) is done by the parent: ADR 0028.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
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
from rq.worker import DequeueStrategy, WorkerStatus
from sqlalchemy.orm import configure_mappers

from app.extensions import db
from app.imaging.child import die_with
from app.imaging.lettering import check_layout
from app.jobs import alive
from app.jobs.registry import Late, list_kinds, list_last_queues, list_queues
from app.pdf.engine import warm_up

log = logging.getLogger(__name__)


# Seconds between attempts to reach a Redis that is down.
PAUSE_SECONDS = 1.0
AUTOGROUP = Path("/proc/self/autogroup")


class ForkingWorker(Worker):  # type: ignore[misc]
    """A worker whose child ends with it, so that the lease expires and another worker takes
    over."""

    # RQ's own backoff would wait a minute after a Redis outage of a minute.
    max_connection_wait_time = 4.0

    def __init__(
        self, *arguments: Any, app: Flask, stopping: threading.Event, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._app, self._stopping = app, stopping
        self._own_pid = os.getpid()
        with app.app_context():
            self._last = list_last_queues()
        self._ordered_queues.sort(key=lambda queue: queue.name in self._last)

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Fork a child for the job, or do it here if it forks one itself."""
        if _is_forked(job):
            # A child must not share a database connection with its parent.
            db.engine.dispose()
            super().execute_job(job, queue)  # type: ignore[no-untyped-call]
            return
        execution = self.prepare_execution(job)
        # A context of its own: what one job keeps in `g` is not for the next one's company.
        with self._app.app_context(), self._beating():
            self.perform_job(job, queue, execution)
        self.set_state(WorkerStatus.IDLE)

    @contextlib.contextmanager
    def _beating(self) -> Iterator[None]:
        """Show that the worker is alive while it works itself, as RQ does while a child works."""
        done = threading.Event()

        def beat() -> None:
            while not done.wait(self.job_monitoring_interval):
                with contextlib.suppress(RedisError):
                    self.heartbeat()

        thread = threading.Thread(target=beat, daemon=True, name="alive")
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(timeout=5)

    def reorder_queues(self, reference_queue: Queue) -> None:
        """Let queues take turns, but those of work that comes last: the order of this list is the
        order in which Redis looks for a wake-up."""
        super().reorder_queues(reference_queue)  # type: ignore[no-untyped-call]
        self._ordered_queues.sort(key=lambda queue: queue.name in self._last)

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
        """Keep the child running while Redis is down: results go to PostgreSQL and storage."""
        try:
            super().maintain_heartbeats(job, execution)
        except RedisError as error:
            log.warning("working on without Redis: %s", error)

    def register_death(self) -> None:
        alive.sign_off(self.connection, "worker", self.name)
        super().register_death()  # type: ignore[no-untyped-call]


def _is_forked(job: Job) -> bool:
    """Whether the job needs a child. One of an unknown kind fails in a child."""
    kinds = {kind.name: kind for kind in list_kinds()}
    kind = kinds.get(str(job.args[0])) if job.args else None
    return kind is None or kind.is_forked


def work(app: Flask, *, burst: bool = False) -> None:
    """Serve the queues until a signal (or, with `burst`, until they are empty).

    Waits for Redis when it goes down; RQ's own loop would end the process.
    """
    _give_way(app.config["WORKER_NICENESS"])
    with app.app_context():
        _warm()
        stopping = threading.Event()
        with contextlib.suppress(StopRequested):
            while not stopping.is_set():
                try:
                    _serve(app, stopping, burst=burst)
                except RedisError as error:
                    if burst:
                        raise
                    log.warning("the worker waits for Redis: %s", error)
                if burst:
                    break
                stopping.wait(PAUSE_SECONDS)


def _give_way(niceness: int) -> None:
    """Let other processes have the processor first.

    Where web and worker share cores, people wait for saves, not for the pages of a PDF.
    Where the kernel shares it between sessions before it looks at processes, niceness only counts
    inside a session. So the worker's session gets it too, if the worker leads one. Under systemd,
    the unit's CPUWeight counts instead.
    """
    os.nice(niceness)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            AUTOGROUP.write_text(str(niceness))


def _warm() -> None:
    """Load what the children share, and close what they must not share.

    Importing and configuring mappers in each child would make a photo a tenth slower.
    Raises FontsMissing and LayoutMissing, which say what to install.
    """
    warm_up()
    check_layout()
    for kind in list_kinds():
        if isinstance(kind.perform, Late):
            kind.perform.load()
    configure_mappers()
    # A child must not share a database connection with its parent or a sibling.
    db.engine.dispose()
    gc.collect()
    gc.freeze()


def _serve(app: Flask, stopping: threading.Event, *, burst: bool) -> None:
    """Serve until a signal, or until RQ gives up on Redis. May raise RedisError."""
    # No socket timeout: a worker blocks on its queues for as long as they are empty.
    connection = Redis.from_url(app.config["REDIS_URL"], socket_connect_timeout=5)
    worker = ForkingWorker(
        [Queue(name, connection=connection, serializer=JSONSerializer) for name in list_queues()],
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=20,
        maintenance_interval=5,
        job_monitoring_interval=5,
        app=app,
        stopping=stopping,
    )
    # RQ would log every maintenance round; the runner logs the work itself.
    worker.work(
        burst=burst,
        logging_level="WARNING",
        # Queues take turns, so photos and documents delay each other by one job at most.
        dequeue_strategy=DequeueStrategy.ROUND_ROBIN,
    )
