"""Metrics of background work for Prometheus, read from the database and Redis on each scrape.

The relay serves them, because many short-lived processes on many machines do the work and only
the rows have the whole picture. Every relay reports the same values: take the maximum, not the
sum.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable

from flask import Flask
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.jobs.alive import count_alive
from app.jobs.queue import count_waiting, redis_client
from app.jobs.registry import list_queues
from app.models import WorkState
from app.tenancy import call_definer

log = logging.getLogger(__name__)

# The rows are counted at most once in this time, however often they are scraped.
KEPT_SECONDS = 10.0
RENDER_SECONDS = [1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0]
PROCESSES = ("worker", "relay")


class WorkFigures:
    """A collector. It omits what it cannot read, and `laudo_figures_complete` is then 0."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._kept: list[Metric] = []
        self._read_at = float("-inf")

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() - self._read_at > KEPT_SECONDS:
                self._kept = self._read()
                self._read_at = time.monotonic()
            return self._kept

    def _read(self) -> list[Metric]:
        metrics: list[Metric] = []
        complete = 1
        with self._app.app_context():
            for part in (_work, _render_seconds, _processes, _anchors):
                try:
                    metrics += part()
                except (SQLAlchemyError, RedisError) as error:
                    log.warning("figures are left out: %s", type(error).__name__)
                    complete = 0
        return [*metrics, _gauge("laudo_figures_complete", "1 where all could be read.", complete)]


def _work() -> list[Metric]:
    rows = GaugeMetricFamily("laudo_work", "Rows of work by state.", labels=("kind", "state"))
    oldest = GaugeMetricFamily(
        "laudo_work_oldest_queued_seconds", "How long the oldest has waited.", labels=("kind",)
    )
    counted = call_definer("count_work")
    numbers = {(row.kind, row.state): row for row in counted}
    for kind in sorted({row.kind for row in counted}):
        for state in WorkState:
            found = numbers.get((kind, state.value))
            rows.add_metric((kind, state.value), found.total if found else 0)
        queued = numbers.get((kind, WorkState.QUEUED.value))
        oldest.add_metric((kind,), queued.oldest_seconds if queued else 0)
    return [rows, oldest]


def _render_seconds() -> list[Metric]:
    (row,) = call_definer("count_render_seconds", p_bounds=RENDER_SECONDS)
    buckets = [
        (str(bound), float(count)) for bound, count in zip(RENDER_SECONDS, row.counts, strict=True)
    ]
    histogram = HistogramMetricFamily(
        "laudo_render_seconds",
        "Time that the PDFs in storage took to make.",
        buckets=[*buckets, ("+Inf", float(row.total))],
        sum_value=row.seconds,
    )
    return [histogram]


def _processes() -> list[Metric]:
    alive = GaugeMetricFamily(
        "laudo_processes_alive", "Processes that gave a sign of life lately.", labels=("process",)
    )
    waiting = GaugeMetricFamily(
        "laudo_wake_ups_waiting", "Wake-ups that stand in Redis.", labels=("queue",)
    )
    for process in PROCESSES:
        alive.add_metric((process,), count_alive(redis_client(), process))
    for queue in list_queues():
        waiting.add_metric((queue,), count_waiting(queue))
    return [alive, waiting]


def _anchors() -> list[Metric]:
    (row,) = call_definer("count_anchors")
    found = [
        _gauge("laudo_anchors_waiting", "Anchors that a place outside lacks.", row.waiting),
        _gauge(
            "laudo_anchors_oldest_waiting_seconds",
            "How long the oldest of them has waited.",
            row.oldest_seconds or 0,
        ),
    ]
    if row.newest_seconds is not None:
        words = "How long ago the newest anchor was made."
        found.append(_gauge("laudo_anchors_newest_seconds", words, row.newest_seconds))
    return found


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def serve(app: Flask, address: str) -> None:
    """Serve on `host:port` from a thread until the process ends. Only warns if the port is
    taken."""
    host, _, port = address.rpartition(":")
    registry = CollectorRegistry()
    registry.register(WorkFigures(app))
    try:
        start_http_server(int(port), host.strip("[]") or "127.0.0.1", registry)
    except OSError as error:
        log.warning("METRICS_BIND cannot be used, the relay works without it: %s", error)
